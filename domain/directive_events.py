"""What people and agents must keep in mind: directives, remembered and taken back.

`apply` runs again on every replay: it changes facts and never judges.
"""

from typing import TYPE_CHECKING, ClassVar

from domain.events import DomainEvent
from domain.project_state import Directive, Level

if TYPE_CHECKING:
    from domain.project import Project


class DirectiveRemembered(DomainEvent):
    TOPIC: ClassVar[str] = "project.directive_remembered"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("text",)
    number: int
    """Counted from 1, and never given twice."""
    level: Level
    phase: str | None
    text: str | None

    def apply(self, aggregate: "Project") -> None:
        directive = Directive(self.number, self.originator_version, self.level, self.phase, self.by.kind.value)
        state = aggregate.state
        aggregate.state = state._replace(remembered=self.number, directives=(*state.directives, directive))


class DirectiveForgotten(DomainEvent):
    """A directive no longer holds. Its event stays, and so does its text."""

    TOPIC: ClassVar[str] = "project.directive_forgotten"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    number: int
    reason: str | None

    def apply(self, aggregate: "Project") -> None:
        kept = tuple(d for d in aggregate.state.directives if d.number != self.number)
        aggregate.state = aggregate.state._replace(directives=kept)

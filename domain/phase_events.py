"""What can happen to a phase as a whole, and what each happening changes.

`apply` runs again on every replay: it changes facts and never judges.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from domain.events import DomainEvent
from domain.phase_state import Blocker, PhaseState

if TYPE_CHECKING:
    from domain.phase import Phase


class BlockerType(StrEnum):
    """Why a phase cannot go on."""

    DEPENDENCY_MISSING = "dependency_missing"
    USER_APPROVAL_PENDING = "user_approval_pending"
    VALIDATION_ERROR = "validation_error"
    RESOURCE_UNAVAILABLE = "resource_unavailable"
    HIERARCHICAL_VIOLATION = "hierarchical_violation"


class Opened(DomainEvent):
    """The phase exists: its first version."""

    TOPIC: ClassVar[str] = "phase.opened"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("title",)
    phase: str
    title: str | None

    def mutate(self, aggregate: Any) -> Any:
        from domain.phase import Phase

        assert aggregate is None
        return Phase.begin(self, PhaseState(phase=self.phase, titled=self.originator_version))


class Retitled(DomainEvent):
    TOPIC: ClassVar[str] = "phase.retitled"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("title",)
    title: str | None

    def apply(self, aggregate: "Phase") -> None:
        aggregate.state = aggregate.state._replace(titled=self.originator_version)


class DependencyAdded(DomainEvent):
    TOPIC: ClassVar[str] = "phase.dependency_added"
    on: str

    def apply(self, aggregate: "Phase") -> None:
        aggregate.state = aggregate.state._replace(depends_on=(*aggregate.state.depends_on, self.on))


class DependencyRemoved(DomainEvent):
    TOPIC: ClassVar[str] = "phase.dependency_removed"
    on: str

    def apply(self, aggregate: "Phase") -> None:
        kept = tuple(p for p in aggregate.state.depends_on if p != self.on)
        aggregate.state = aggregate.state._replace(depends_on=kept)


class Blocked(DomainEvent):
    TOPIC: ClassVar[str] = "phase.blocked"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("description",)
    blocker: str
    type: BlockerType
    description: str | None

    def apply(self, aggregate: "Phase") -> None:
        blocker = Blocker(self.blocker, self.type, self.originator_version)
        aggregate.state = aggregate.state._replace(blockers=(*aggregate.state.blockers, blocker))


class Unblocked(DomainEvent):
    TOPIC: ClassVar[str] = "phase.unblocked"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    blocker: str
    reason: str | None

    def apply(self, aggregate: "Phase") -> None:
        blockers = tuple(
            b._replace(resolved=self.originator_version) if b.id == self.blocker else b
            for b in aggregate.state.blockers
        )
        aggregate.state = aggregate.state._replace(blockers=blockers)


class HandedOff(DomainEvent):
    TOPIC: ClassVar[str] = "phase.handed_off"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("comments",)
    digests: tuple[str, ...]
    """The five approved digests, in the order of the steps."""
    comments: str | None

    def apply(self, aggregate: "Phase") -> None:
        aggregate.state = aggregate.state._replace(handed_off=self.originator_version)


class Archived(DomainEvent):
    TOPIC: ClassVar[str] = "phase.archived"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    reason: str | None

    def apply(self, aggregate: "Phase") -> None:
        aggregate.state = aggregate.state._replace(archived=self.originator_version)

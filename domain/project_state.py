"""What is true of a project as a whole: its name, its key, its directives. The head of the project's stream."""

from enum import StrEnum
from typing import Any, NamedTuple

from domain.errors import Damaged


class Level(StrEnum):
    """How much a directive weighs, the heaviest first."""

    CRITICAL = "critical"
    WARNING = "warning"
    STANDARD = "standard"
    DETAIL = "detail"


class Directive(NamedTuple):
    """A directive in force; its text is read from its event."""

    number: int
    version: int
    """The event of the project's stream that holds the text."""
    level: Level
    phase: str | None
    """The phase it is about; None: the whole project."""
    kind: str
    """What kind of actor gave it."""


class ProjectState(NamedTuple):
    """The head of the project's stream."""

    origin: str
    public_key: str
    named: int
    """The event that holds the project's name."""
    remembered: int = 0
    """How many directives there have been."""
    directives: tuple[Directive, ...] = ()
    """Those in force, in the order of their numbers."""

    def to_facts(self) -> dict[str, Any]:
        """Return the state as JSON-able values; a project that never had a directive says nothing about them."""
        facts: dict[str, Any] = {"origin": self.origin, "public_key": self.public_key, "named": self.named}
        if self.remembered:
            facts |= {"remembered": self.remembered, "directives": [d._asdict() for d in self.directives]}
        return facts

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> "ProjectState":
        """Return the state that `to_facts` described. Raises `Damaged` for anything else."""
        try:
            given = [Directive(**{**d, "level": Level(d["level"])}) for d in facts.get("directives", ())]
            return cls(**{**facts, "directives": tuple(given)})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Damaged(f"The head of the project does not say what it is: {error}.") from None

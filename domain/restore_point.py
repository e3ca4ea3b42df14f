"""A place in the log that somebody has given a name, to come back to."""

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from domain.actors import Actor
from domain.aggregates import EventSourced
from domain.errors import Damaged, InvalidInput
from domain.events import DomainEvent

PREFIX = "point:"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class PointState(NamedTuple):
    """The head of a point's stream."""

    position: int
    named: int
    """The event that gave the name."""

    def to_facts(self) -> dict[str, Any]:
        """Return the state as JSON-able values."""
        return self._asdict()

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> "PointState":
        """Return the state that `to_facts` described. Raises `Damaged` for anything else."""
        try:
            return cls(**facts)
        except TypeError as error:
            raise Damaged(f"The head of a restore point does not say what it is: {error}.") from None


class PointNamed(DomainEvent):
    """A position has a name from now on; `root` says in which history."""

    TOPIC: ClassVar[str] = "point.named"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    name: str
    position: int
    root: str
    """Hex RFC 6962 root of the tree up to the position."""
    reason: str | None

    def mutate(self, aggregate: Any) -> Any:
        """Begin the point; nothing else ever happens to one."""
        assert aggregate is None
        return RestorePoint.begin(self, PointState(self.position, named=self.originator_version))


class RestorePoint(EventSourced):
    """One name for one place, for ever."""

    if TYPE_CHECKING:
        state: PointState

    @classmethod
    def name(cls, name: str, *, position: int, root: str, reason: str, by: Actor, at: datetime) -> Self:
        """Give a place its name."""
        return cls.start(
            PointNamed(
                originator_id=stream_of(name),
                originator_version=1,
                timestamp=at,
                by=by,
                name=name,
                position=position,
                root=root,
                reason=reason,
            )
        )


def stream_of(name: str) -> str:
    """Return the stream of a name. Raises `InvalidInput` for what cannot be one."""
    if not NAME.fullmatch(name):
        raise InvalidInput(
            f"A restore point's name has 1 to 64 letters, digits, dots, hyphens and underscores; got {name[:70]!r}.",
            fix=("orch recover point before-the-migration",),
        )
    return f"{PREFIX}{name}"

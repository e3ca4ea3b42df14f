"""The project a log belongs to."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from domain.actors import Actor
from domain.aggregates import EventSourced
from domain.errors import Damaged
from domain.events import DomainEvent

STREAM = "project"


class ProjectState(NamedTuple):
    """The head of the project's stream."""

    origin: str
    public_key: str
    named: int
    """The event that holds the project's name."""

    def to_facts(self) -> dict[str, Any]:
        """Return the state as JSON-able values."""
        return self._asdict()

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> "ProjectState":
        """Return the state that `to_facts` described. Raises `Damaged` for anything else."""
        try:
            return cls(**facts)
        except TypeError as error:
            raise Damaged(f"The head of the project does not say what it is: {error}.") from None


@dataclass(frozen=True)
class ProjectInitialised(DomainEvent):
    """A log begins."""

    TOPIC: ClassVar[str] = "project.initialised"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("name",)
    origin: str
    """`host/project-uuid`: the log's name and the key name of its checkpoints."""
    public_key: str
    """The first signing key as a verifier key, C2SP signed-note: `name+hash+base64`."""
    name: str | None

    def mutate(self, aggregate: Any) -> Any:
        assert aggregate is None
        return Project.begin(self, ProjectState(self.origin, self.public_key, named=self.originator_version))


class Project(EventSourced):
    """One project, one log."""

    if TYPE_CHECKING:
        state: ProjectState

    @classmethod
    def initialise(cls, *, origin: str, public_key: str, name: str, by: Actor, at: datetime) -> Self:
        """Begin the log."""
        return cls.start(
            ProjectInitialised(
                originator_id=STREAM,
                originator_version=1,
                timestamp=at,
                by=by,
                origin=origin,
                public_key=public_key,
                name=name,
            )
        )

"""The project a log belongs to."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from domain.actors import Actor, ActorKind
from domain.aggregates import EventSourced
from domain.directive_events import DirectiveForgotten, DirectiveRemembered
from domain.errors import InvalidInput, NotFound, NothingChanged, PolicyNeedsPerson, ReasonMissing, Rejected
from domain.events import DomainEvent
from domain.policy_state import PolicyState
from domain.project_state import Level, ProjectState

STREAM = "project"
LONGEST = 4_000
"""Characters of a directive: whoever has more to say writes a document."""
MOST = 1_000
"""Directives in force at a time: more than anybody keeps in mind, and the head of the project holds them all."""


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

    def remember(self, text: str, *, level: Level, phase: str | None, by: Actor, at: datetime) -> None:
        """Let a directive be in force from now on."""
        if not text.strip():
            raise InvalidInput("A directive needs some words.", fix=('orch remember "what must be kept in mind"',))
        if len(text) > LONGEST:
            raise InvalidInput(
                f"A directive has at most {LONGEST:,} characters, this one has {len(text):,};"
                " what is longer belongs into a document."
            )
        if len(self.state.directives) >= MOST:
            oldest = self.state.directives[0].number
            raise Rejected(
                f"{MOST:,} directives are in force, and nobody can keep more in mind; take back what no longer holds.",
                fix=(f'orch remember --forget {oldest} --reason "why it no longer holds"',),
            )
        self.happen(
            DirectiveRemembered, number=self.state.remembered + 1, level=level, phase=phase, text=text, by=by, at=at
        )

    def forget(self, number: int, *, reason: str, policy: PolicyState, by: Actor, at: datetime) -> None:
        """Let a directive no longer be in force."""
        if not reason.strip():
            command = f"remember --forget {number}"
            raise ReasonMissing("Taking a directive back", command=command, example="why it no longer holds")
        directive = next((d for d in self.state.directives if d.number == number), None)
        if directive is None and 1 <= number <= self.state.remembered:
            raise NothingChanged(f"Directive {number} was taken back before.", fix=("orch context",))
        if directive is None:
            raise NotFound(f"There is no directive {number}.", fix=("orch context",))
        if policy.binds(by) and directive.kind == ActorKind.HUMAN:
            raise PolicyNeedsPerson(by.name, by.kind, may="take back what a person said")
        self.happen(DirectiveForgotten, number=number, reason=reason, by=by, at=at)

"""A log in memory, filled by the real aggregates: what the tests of read models start from."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.actors import Actor, ActorKind
from domain.aggregates import EventSourced
from domain.document_events import DocumentApproved, Meaning, Source
from domain.event_log import Head, Record, Told
from domain.events import DomainEvent
from domain.phase import Phase
from domain.policy_state import PolicyState
from domain.steps import STEPS, Step
from domain.times import microseconds, rfc3339
from projections.places import Place

START = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
ADA, GRACE, LINUS = Actor("ada"), Actor("grace"), Actor("linus")
ROBOT = Actor("robot", ActorKind.AGENT)
POLICY = PolicyState()
COMMON = {*DomainEvent.FIELDS}


class World:
    """Every command takes one minute; the store's clock agrees unless `skew` says otherwise."""

    def __init__(self) -> None:
        self.pairs: list[tuple[Record, DomainEvent]] = []
        self.heads: dict[str, Head] = {}
        self.minutes = 0
        self.skew = timedelta(0)
        self.policy = POLICY

    @property
    def at(self) -> datetime:
        """The time of the last command."""
        return START + timedelta(minutes=self.minutes)

    @property
    def now(self) -> int:
        return microseconds(self.at)

    def next_minute(self) -> datetime:
        self.minutes += 1
        return self.at

    def record(self, aggregate: EventSourced) -> list[tuple[Record, DomainEvent]]:
        """Append what the aggregate has decided as one command, and return those pairs."""
        new: list[tuple[Record, DomainEvent]] = []
        for event in aggregate.decided():
            position = len(self.pairs) + len(new) + 1
            stream, version = event.originator_id, event.originator_version
            clock = microseconds(self.at - self.skew)
            command = f"c{self.minutes}"
            record = Record(
                position, self.now, clock, stream, version, event.TOPIC, command, b"", b"salt", b"payload", b"leaf"
            )
            new.append((record, event))
            self.heads[stream] = Head(stream, version, position, aggregate.head())
        self.pairs += new
        return new

    def erase_everything(self) -> None:
        """Erase the free text of every event."""
        self.pairs = [(record._replace(salt=None, payload=None), _erased(event)) for record, event in self.pairs]

    def told(self, places: Iterable[Place]) -> dict[Place, Told]:
        """Answer as the log does: only places that exist."""
        wanted = set(places)
        return {(r.stream, r.version): _told(r, e) for r, e in self.pairs if (r.stream, r.version) in wanted}

    def position_of(self, topic: str) -> int:
        """Return the position of the last event of a topic."""
        return max(record.position for record, _ in self.pairs if record.topic == topic)

    def time_of(self, topic: str) -> str:
        """Return the recorded time of the last event of a topic."""
        return rfc3339(max(record.recorded_at for record, _ in self.pairs if record.topic == topic))


class Story:
    """The commands that one phase goes through, each recorded at once."""

    def __init__(self, world: World, name: str = "st01-audio-engine", *, title: str = "The Engine") -> None:
        self.world = world
        self.name = name
        self.phase = Phase.open(name, title=title, by=ADA, at=world.next_minute())
        self.last = world.record(self.phase)

    @property
    def stream(self) -> str:
        return self.phase.id

    @property
    def head(self) -> Head:
        return self.world.heads[self.stream]

    def do(self, method: str, *args: Any, by: Actor = ADA, **words: Any) -> "Story":
        """Call a method of the phase and record what it decided."""
        getattr(self.phase, method)(*args, by=by, at=self.world.next_minute(), **words)
        self.last = self.world.record(self.phase)
        return self

    def draft(self, step: Step, *, by: Actor = ADA, tasks: tuple[tuple[str, ...], ...] = ()) -> "Story":
        iteration = self.phase.state.documents[step].iteration + 1
        return self.do(
            "draft",
            step,
            digest=f"sha256:1:{step}{iteration}",
            text=f"# {step} {iteration}\n",
            fields={"goal": "sound", **({"tasks": [_task(*task) for task in tasks]} if tasks else {})},
            source=Source.RENDERED,
            template="t",
            template_digest="sha256:t",
            policy=self.world.policy,
            by=by,
            tasks=tasks,
        )

    def start(self, *numbers: str, by: Actor = ADA, forced: bool = False, reason: str = "") -> "Story":
        return self.do("start_tasks", numbers, forced=forced, reason=reason, by=by)

    def complete(
        self, *numbers: str, by: Actor = ADA, note: str = "", forced: bool = False, reason: str = ""
    ) -> "Story":
        return self.do("complete_tasks", numbers, note=note, forced=forced, reason=reason, by=by)

    def approve(self, step: Step, *, by: Actor = GRACE, forced: bool = False, reason: str = "") -> "Story":
        return self.do(
            "approve",
            step,
            iteration=None,
            digest=None,
            meaning=Meaning.APPROVAL,
            comments="well done",
            forced=forced,
            reason=reason,
            policy=self.world.policy,
            policy_version=1,
            by=by,
        )

    def forced_by_agent(self, step: Step, *, reason: str) -> "Story":
        """Record the approval by force of an agent, of its own text: what logs from before ADR 58 may hold."""
        document = self.phase.state.documents[step]
        return self.do(
            "happen",
            DocumentApproved,
            step=step,
            iteration=document.iteration,
            digest=document.digest,
            meaning=Meaning.APPROVAL,
            policy_version=1,
            final=True,
            self_approval=True,
            forced=True,
            broke=("agents_may_not_approve",),
            comments="well done",
            reason=reason,
            automatic=False,
            by=ROBOT,
        )

    def reject(self, step: Step, *feedback: str, by: Actor = GRACE) -> "Story":
        return self.do(
            "reject", step, iteration=None, digest=None, feedback=feedback, comments="", policy_version=1, by=by
        )

    def reconfirm(self, step: Step, *, by: Actor = GRACE) -> "Story":
        return self.do(
            "reconfirm",
            step,
            iteration=None,
            digest=None,
            meaning=Meaning.APPROVAL,
            forced=False,
            reason="still true",
            policy=self.world.policy,
            policy_version=1,
            by=by,
        )

    def reopen(self, step: Step, reason: str = "the sample rate changed") -> "Story":
        return self.do("reopen", step, reason=reason, by=GRACE)

    def approved_upto(self, last: Step) -> "Story":
        """Draft and approve every step up to one."""
        for step in (*last.earlier, last):
            self.draft(step).approve(step)
        return self

    def handed_off(self) -> "Story":
        return self.approved_upto(STEPS[-1]).do("hand_off", dependencies={}, comments="over to you")


def _task(number: str, *needs: str) -> dict[str, Any]:
    task: dict[str, Any] = {"id": number, "title": f"Task {number}", "estimated_hours": 2}
    return {**task, "dependencies": list(needs)} if needs else task


def _erased(event: DomainEvent) -> DomainEvent:
    gone: dict[str, Any] = dict.fromkeys(event.PAYLOAD)
    return event.but(**gone)


def _told(record: Record, event: DomainEvent) -> Told:
    own = {name: value for name, value in vars(event).items() if name not in COMMON}
    texts = {name: own.pop(name) for name in event.PAYLOAD}
    erased = bool(texts) and all(text is None for text in texts.values())
    return Told(
        occurred_at=rfc3339(microseconds(event.timestamp)),
        position=record.position,
        recorded_at=record.recorded_at,
        clock=record.clock,
        topic=record.topic,
        command_id=record.command_id,
        by=event.by,
        facts=own,
        texts=None if erased or not texts else texts,
        erased=erased,
    )

"""What changed in a phase between two moments, and which events changed it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypedDict

from domain.event_log import Moment, Record
from domain.events import DomainEvent
from domain.phase_state import PhaseState
from domain.steps import STEPS, Step
from domain.times import rfc3339
from projections.differences import Difference, differences
from projections.folding import Change, changes
from projections.moments import AsOf, as_of
from projections.people import Person, person
from projections.phase_facts import PhaseFacts, Recalled, phase_facts
from projections.sayings import saying
from projections.task_moves import TaskMove, task_moves
from projections.verdict_topics import OUTCOMES, VerdictOutcome


class Instant(NamedTuple):
    """A moment of the log, and the time in µs that requests are held against."""

    moment: Moment
    now_us: int


class Side(AsOf):
    """The phase at one of the two moments."""

    state: PhaseFacts


class StateChange(Difference):
    """A fact that differs, and the positions that changed it; none where only time went by."""

    positions: list[int]


class VerdictGiven(TypedDict):
    """A verdict between the two moments, whatever became of it."""

    position: int
    recorded_at: str
    outcome: VerdictOutcome
    step: Step
    iteration: int | None
    digest: str | None
    actor: Person
    final: bool | None
    self_approval: bool
    automatic: bool
    forced: bool


class ApprovalWithdrawn(TypedDict):
    """An event that took approvals back; `verdict` is the position of the one that had settled the step."""

    position: int
    recorded_at: str
    topic: str
    actor: Person
    summary: str
    step: Step
    approvals: list[str]
    verdict: int | None


class StateDiff(TypedDict):
    """A phase at two moments, and what lies between them."""

    phase: str
    old: Side
    new: Side
    changes: list[StateChange]
    tasks: list[TaskMove]
    verdicts: list[VerdictGiven]
    withdrawn: list[ApprovalWithdrawn]


def state_diff(happenings: Iterable[tuple[Record, DomainEvent]], *, old: Instant, new: Instant) -> StateDiff:
    """Compare a phase at two moments.

    `happenings` is its whole stream up to the new one; at the old one it was open.
    """
    between = _Between(old)
    for change in changes(happenings):
        between.add(change)
    before, after = between.facts(old, at_old=True), between.facts(new)
    return {
        "phase": between.state.phase,
        "old": {**as_of(old.moment), "state": before},
        "new": {**as_of(new.moment), "state": after},
        "changes": [{**each, "positions": between.causes.get(each["what"], [])} for each in differences(before, after)],
        "tasks": task_moves(between.at_old, between.state),
        "verdicts": between.verdicts,
        "withdrawn": between.withdrawn,
    }


class _Between:
    """The state so far, the state at the old moment, and what came after that."""

    def __init__(self, old: Instant) -> None:
        self._from = old.moment.position
        self._at_old: tuple[PhaseState, Recalled] | None = None
        self.state = PhaseState("", titled=0)
        self._recalled = Recalled()
        self.causes: dict[str, list[int]] = {}
        self.verdicts: list[VerdictGiven] = []
        self.withdrawn: list[ApprovalWithdrawn] = []

    def add(self, change: Change) -> None:
        """Take the next event."""
        if change.record.position <= self._from:
            self._go_on(change)
            return
        self._at_old = self._at_old or (self.state, self._recalled)
        before = phase_facts(self.state, self._recalled)
        self._go_on(change)
        after = phase_facts(self.state, self._recalled)
        for each in differences(before, after):
            self.causes.setdefault(each["what"], []).append(change.record.position)
        self.verdicts += _given(change)
        self.withdrawn += _withdrawn(change, before, after)

    @property
    def at_old(self) -> PhaseState:
        """The state at the old moment."""
        return self._at_old[0] if self._at_old else self.state

    def facts(self, instant: Instant, *, at_old: bool = False) -> PhaseFacts:
        """Return the facts at the end, or those at the old moment."""
        state, recalled = (at_old and self._at_old) or (self.state, self._recalled)
        return phase_facts(state, recalled, now_us=instant.now_us)

    def _go_on(self, change: Change) -> None:
        self.state = change.after
        self._recalled = self._recalled.after(change.record, change.event, change.after)


def _given(change: Change) -> Iterator[VerdictGiven]:
    outcome = OUTCOMES.get(change.record.topic)
    said = saying(change.event)
    if outcome is not None and said.step is not None:
        yield {
            "position": change.record.position,
            "recorded_at": rfc3339(change.record.recorded_at),
            "outcome": outcome,
            "step": said.step,
            "iteration": said.iteration,
            "digest": said.digest,
            "actor": person(change.event.by),
            "final": said.final,
            "self_approval": said.self_approval,
            "automatic": said.automatic,
            "forced": said.forced,
        }


def _withdrawn(change: Change, before: PhaseFacts, after: PhaseFacts) -> Iterator[ApprovalWithdrawn]:
    for step in STEPS:
        was, now = before["steps"][step.value], after["steps"][step.value]
        if was["approvals"] and not now["approvals"]:
            yield {
                "position": change.record.position,
                "recorded_at": rfc3339(change.record.recorded_at),
                "topic": change.record.topic,
                "actor": person(change.event.by),
                "summary": saying(change.event).summary,
                "step": step,
                "approvals": was["approvals"],
                "verdict": was["verdict"],
            }

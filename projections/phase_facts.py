"""The state of a phase as a reader compares it: the aggregate's facts, with positions instead of versions."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, TypedDict

from domain import phase_ids
from domain.documents import Document
from domain.event_log import Record
from domain.events import DomainEvent
from domain.phase_state import PhaseState
from domain.steps import STEPS, Step, StepState
from domain.tasks import TaskBook, TaskState
from projections.moments import maybe_rfc3339
from projections.step_status import SETTLED

NO_VERDICTS: Mapping[Step, int] = MappingProxyType({})


class StepFacts(TypedDict):
    """The latest iteration of a step; `verdict` is the position of the one that settled it and still holds.

    `claim` stands in its place where an imported one did, which nobody gave here.
    """

    state: StepState
    iteration: int
    digest: str | None
    approvals: list[str]
    verdict: int | None
    claim: int | None
    expires_at: str | None
    stale_because: str | None


class StepsFacts(TypedDict):
    """The five steps in their order."""

    spec: StepFacts
    research: StepFacts
    plan: StepFacts
    prd: StepFacts
    tasks: StepFacts


class TasksFacts(TypedDict):
    """The tasks of the approved iteration, by number; `assigned` names each with whoever has it."""

    iteration: int | None
    listed: list[str]
    started: list[str]
    done: list[str]
    assigned: list[str]


class PhaseFacts(TypedDict):
    """A phase at one moment. `blockers` are those nobody has resolved; `handed_off` and `archived` are positions."""

    title: str | None
    title_erased: bool
    steps: StepsFacts
    blockers: list[str]
    depends_on: list[str]
    handed_off: int | None
    archived: int | None
    work: TasksFacts


class Recalled(NamedTuple):
    """What a phase's state names only by version, kept while its events go by."""

    title: str | None = None
    title_erased: bool = False
    verdicts: Mapping[Step, int] = NO_VERDICTS
    handed_off: int = 0
    archived: int = 0

    def after(self, record: Record, event: DomainEvent, state: PhaseState) -> "Recalled":
        """Return what is known after an event that led to that state."""
        now, version = self, record.version
        if state.titled == version:
            title: str | None = getattr(event, "title", None)
            suggested = phase_ids.title_from(state.phase)
            now = now._replace(title=suggested if title is None else title, title_erased=title is None)
        for step in STEPS:
            if state.documents[step].decided == version:
                now = now._replace(verdicts={**now.verdicts, step: record.position})
        if state.handed_off == version:
            now = now._replace(handed_off=record.position)
        if state.archived == version:
            now = now._replace(archived=record.position)
        return now


def phase_facts(state: PhaseState, recalled: Recalled, *, now_us: int | None = None) -> PhaseFacts:
    """Return the facts of a phase. At a time in µs a request that nobody answered by then counts as expired."""

    def of(step: Step) -> StepFacts:
        return _step_facts(state.documents[step], recalled.verdicts.get(step), now_us)

    return {
        "title": recalled.title,
        "title_erased": recalled.title_erased,
        "steps": {
            "spec": of(Step.SPEC),
            "research": of(Step.RESEARCH),
            "plan": of(Step.PLAN),
            "prd": of(Step.PRD),
            "tasks": of(Step.TASKS),
        },
        "blockers": [blocker.id for blocker in state.open_blockers],
        "depends_on": list(state.depends_on),
        "handed_off": recalled.handed_off if state.handed_off else None,
        "archived": recalled.archived if state.archived else None,
        "work": _tasks_facts(state.tasks),
    }


def _tasks_facts(book: TaskBook) -> TasksFacts:
    listed = [number for number, *_ in book.in_force.tasks]
    return {
        "iteration": book.in_force.iteration or None,
        "listed": listed,
        "started": [number for number in listed if book.of(number).state is TaskState.STARTED],
        "done": [number for number in listed if book.of(number).state is TaskState.DONE],
        "assigned": [f"{number} {book.of(number).assignee}" for number in listed if book.of(number).assignee],
    }


def _step_facts(document: Document, verdict: int | None, now_us: int | None) -> StepFacts:
    return {
        "state": document.state if now_us is None else document.state_at(now_us),
        "iteration": document.iteration,
        "digest": document.digest or None,
        "approvals": [approval.by.name for approval in document.approvals],
        "verdict": verdict if document.state in SETTLED and not document.claimed else None,
        "claim": verdict if document.state in SETTLED and document.claimed else None,
        "expires_at": maybe_rfc3339(document.expires_at),
        "stale_because": document.stale_because or None,
    }

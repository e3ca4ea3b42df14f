"""What going back to an earlier moment would lose: in numbers, and phase by phase."""

from collections import Counter
from collections.abc import Iterable
from typing import TypedDict

from domain import document_events as documents
from domain import phase_events as phases
from domain import task_events as tasks
from domain.aggregates import EventSourced
from domain.documents import Document
from domain.event_log import Record
from domain.events import DomainEvent
from domain.phase_ids import PREFIX, phase_of
from domain.phase_state import PhaseState
from domain.steps import STEPS, Step, StepState
from domain.times import rfc3339
from projections.folding import fold
from projections.people import Person, person
from projections.task_moves import TaskMove, task_moves

VERDICTS = (documents.DocumentApproved, documents.DocumentRejected, documents.DocumentReconfirmed)

TASKS = (tasks.TasksNumbered, tasks.TaskStarted, tasks.TaskCompleted, tasks.TaskReopened, tasks.TaskAssigned)


class TopicCount(TypedDict):
    topic: str
    count: int


class Loss(TypedDict):
    """What stands after the moment, in numbers; `phases` that have such events, and those of them opened after it."""

    events: int
    commands: int
    by_topic: list[TopicCount]
    verdicts: int
    documents: int
    phases: list[str]
    opened_later: list[str]
    first_recorded_at: str | None
    last_recorded_at: str | None


class LostVerdict(TypedDict):
    position: int
    recorded_at: str
    step: Step
    iteration: int
    verdict: str
    by: Person


class DocumentThen(TypedDict):
    """One document now and as of the moment; iteration 0 and no digest stand for none."""

    step: Step
    state: StepState
    state_then: StepState
    iteration: int
    iteration_then: int
    digest: str
    digest_then: str


class PhaseLoss(TypedDict):
    """What one phase would lose. One that `vanishes` was opened after the moment.

    `tasks` are those that go back from `before`, as they are now, to `after`, as they were at the moment.
    `others` are topics that happened after it besides drafts, requests, verdicts and tasks.
    """

    phase: str
    vanishes: bool
    events: int
    verdicts: list[LostVerdict]
    documents: list[DocumentThen]
    tasks: list[TaskMove]
    others: list[str]


def loss(after: Iterable[Record]) -> Loss:
    """Count the rows after a moment."""
    topics: Counter[str] = Counter()
    commands: dict[str, None] = {}
    touched: dict[str, bool] = {}
    times: list[int] = []
    for record in after:
        phase = phase_of(record.stream)
        topics[record.topic] += 1
        commands[record.command_id] = None
        times = [times[0] if times else record.recorded_at, record.recorded_at]
        if phase is not None:
            touched[phase] = touched.get(phase, False) or record.topic == phases.Opened.TOPIC
    return {
        "events": topics.total(),
        "commands": len(commands),
        "by_topic": [{"topic": topic, "count": count} for topic, count in sorted(topics.items())],
        "verdicts": sum(topics[each.TOPIC] for each in VERDICTS),
        "documents": topics[documents.DocumentDrafted.TOPIC],
        "phases": sorted(touched),
        "opened_later": sorted(phase for phase, opened in touched.items() if opened),
        "first_recorded_at": rfc3339(times[0]) if times else None,
        "last_recorded_at": rfc3339(times[-1]) if times else None,
    }


def going_back(history: Iterable[tuple[Record, DomainEvent]], position: int) -> list[PhaseLoss]:
    """Return what each phase would lose by going back to a position; `history` is the whole log."""
    aggregates: dict[str, EventSourced] = {}
    then: dict[str, PhaseState] = {}
    after: dict[str, list[tuple[Record, DomainEvent]]] = {}
    for record, event in history:
        phase = phase_of(record.stream)
        if phase is not None and record.position > position:
            known = aggregates.get(record.stream)
            if phase not in after and known is not None:
                then[phase] = known.state
            after.setdefault(phase, []).append((record, event))
        fold(aggregates, record.position, record.stream, event)
    return [
        {
            "phase": phase,
            "vanishes": phase not in then,
            "events": len(pairs),
            "verdicts": [found for record, event in pairs for found in _verdict(record, event)],
            "documents": _documents(then.get(phase), aggregates[PREFIX + phase].state),
            "tasks": task_moves(aggregates[PREFIX + phase].state, then.get(phase)),
            "others": _others(pairs),
        }
        for phase, pairs in sorted(after.items())
    ]


def _verdict(record: Record, event: DomainEvent) -> Iterable[LostVerdict]:
    if not isinstance(event, VERDICTS):
        return
    words = {documents.DocumentApproved: "approved", documents.DocumentRejected: "rejected"}
    yield {
        "position": record.position,
        "recorded_at": rfc3339(record.recorded_at),
        "step": event.step,
        "iteration": event.iteration,
        "verdict": words.get(type(event), "reconfirmed"),
        "by": person(event.by),
    }


def _documents(then: PhaseState | None, now: PhaseState) -> list[DocumentThen]:
    """Return the steps whose document or state is another than it was."""
    rows: list[DocumentThen] = []
    for step in STEPS:
        is_now = now.documents[step]
        was = then.documents[step] if then else Document()
        row: DocumentThen = {
            "step": step,
            "state": is_now.state,
            "state_then": was.state,
            "iteration": is_now.iteration,
            "iteration_then": was.iteration,
            "digest": is_now.digest,
            "digest_then": was.digest,
        }
        if (row["state"], row["digest"]) != (row["state_then"], row["digest_then"]):
            rows.append(row)
    return rows


def _others(pairs: Iterable[tuple[Record, DomainEvent]]) -> list[str]:
    told = (*VERDICTS, *TASKS, documents.DocumentDrafted, documents.ApprovalRequested, documents.ApprovalExpired)
    return sorted({event.TOPIC for _, event in pairs if not isinstance(event, told)})

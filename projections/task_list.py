"""The tasks of a phase as they are worked on: what each is, how far, whose, and whose turn it is."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypedDict

from domain.event_log import Head, Told
from domain.phase_state import PhaseState
from domain.steps import Step, StepState
from domain.tasks import NO_TASKS, Listed, Outline, TaskBook, TaskState
from domain.times import rfc3339
from projections.people import Person, person
from projections.places import Place, Tellings, in_stream, words

if TYPE_CHECKING:
    from domain.task_texts import TaskText


class TaskRow(TypedDict):
    """One task of the approved iteration. `since` and `by` tell of the event that made its state what it is."""

    phase: str
    number: str
    title: str | None
    """None where the text was erased."""
    state: TaskState
    ready: bool
    """It is open, and nothing it waits for is left to do."""
    waits_for: list[str]
    depends_on: list[str]
    assignee: str | None
    by: Person | None
    since: str | None
    note: str | None
    forced: bool
    hours: float | None
    priority: str | None


class TaskCounts(TypedDict):
    """How far the tasks of the approved iteration are; 0 and no iteration where none was approved yet."""

    iteration: int | None
    total: int
    done: int
    started: int
    ready: int


class PhaseTasks(TaskCounts):
    """The tasks of one phase in numbers; `document` is where the tasks document stands now."""

    phase: str
    document: StepState


def outline_places(state: PhaseState) -> list[Place]:
    """Return the event that tells which tasks are worked on, where the head does not."""
    document = state.documents[Step.TASKS]
    unrecorded = document.state is StepState.APPROVED and state.tasks.in_force.iteration != document.iteration
    return in_stream(f"phase:{state.phase}", [document.drafted] if unrecorded else [])


def in_force(state: PhaseState, told: Tellings) -> TaskBook:
    """Return the tasks with the approved outline; of one approved before numbers were recorded, from its text."""
    places = outline_places(state)
    if not places:
        return state.tasks
    texts = told[places[0]].texts
    if texts is None:
        return state.tasks
    from domain.errors import InvalidInput
    from domain.task_texts import listed, tasks_in  # a status of new phases never needs it

    try:
        tasks: tuple[Listed, ...] = listed(tasks_in(texts))
    except InvalidInput:  # an old text by hand whose tasks wait for each other
        tasks = ()
    return state.tasks._replace(in_force=Outline(state.documents[Step.TASKS].iteration, places[0][1], tasks))


def counts(state: PhaseState, told: Tellings) -> TaskCounts:
    """Return how far the tasks of a phase are. `told` holds at least `outline_places(state)`."""
    book = in_force(state, told)
    states = [book.of(number).state for number, *_ in book.in_force.tasks]
    return {
        "iteration": book.in_force.iteration or None,
        "total": len(states),
        "done": states.count(TaskState.DONE),
        "started": states.count(TaskState.STARTED),
        "ready": len(ready(state, book)),
    }


def ready(state: PhaseState, book: TaskBook) -> list[str]:
    """Return the tasks that may begin: open, nothing left to wait for, their document approved."""
    if state.archived or state.documents[Step.TASKS].state is not StepState.APPROVED:
        return []
    numbers = [number for number, *_ in book.in_force.tasks]
    return [n for n in numbers if book.of(n).state is TaskState.OPEN and not book.waits_for(n)]


def next_tasks(state: PhaseState, told: Tellings) -> list[str]:
    """Return the command that leads the tasks of a phase on: finish one that is begun, else begin the next."""
    book = in_force(state, told)
    if state.archived:
        return []
    for number, *_ in book.in_force.tasks:
        if book.of(number).state is TaskState.STARTED:
            return [f"orch task done {state.phase} {number}"]
    return [f"orch task start {state.phase} {number}" for number in ready(state, book)[:1]]


def places(head: Head) -> list[Place]:
    """Return the events that a list of tasks wants told."""
    state = PhaseState.from_facts(head.facts)
    wanted = [state.tasks.in_force.drafted]
    wanted += [progress.changed for progress in state.tasks.progress.values()]
    return [*in_stream(head.stream, wanted), *outline_places(state)]


def phase_tasks(head: Head, told: Tellings, *, now_us: int) -> PhaseTasks:
    """Return the tasks of a phase in numbers, at a time in µs."""
    state = PhaseState.from_facts(head.facts).at(now_us)
    return {"phase": state.phase, "document": state.documents[Step.TASKS].state, **counts(state, told)}


def task_list(head: Head, told: Tellings, *, now_us: int) -> list[TaskRow]:
    """Return a row for each task of the approved iteration, in its order, at a time in µs.

    `told` holds at least `places(head)`.
    """
    state = PhaseState.from_facts(head.facts).at(now_us)
    if state.tasks == NO_TASKS and not outline_places(state):
        return []
    book = in_force(state, told)
    return list(_rows(head.stream, state, book, told))


def _rows(stream: str, state: PhaseState, book: TaskBook, told: Tellings) -> Iterator[TaskRow]:
    outline = book.in_force
    texts = texts_of(told.get((stream, outline.drafted)))
    may_begin = {*ready(state, book)}
    for number, *needs in outline.tasks:
        progress, text = book.of(number), texts.get(number)
        event = told[stream, progress.changed] if progress.changed else None
        yield {
            "phase": state.phase,
            "number": number,
            "title": text.title if text else None,
            "state": progress.state,
            "ready": number in may_begin,
            "waits_for": list(book.waits_for(number)),
            "depends_on": needs,
            "assignee": progress.assignee or None,
            "by": person(event.by) if event else None,
            "since": rfc3339(event.recorded_at) if event else None,
            "note": (words(event, "note") or words(event, "reason")) if event else None,
            "forced": bool(event and event.facts.get("forced")),
            "hours": text.hours if text else None,
            "priority": text.priority if text else None,
        }


def texts_of(told: Told | None) -> "dict[str, TaskText]":
    """Return what a document says about its tasks, by number; nothing where it was erased."""
    if told is None or told.texts is None:
        return {}
    from domain.task_texts import tasks_in

    return {task.number: task for task in tasks_in(told.texts)}

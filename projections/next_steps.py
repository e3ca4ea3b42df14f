"""What can be done now in all phases: by whom, and with which command."""

from collections.abc import Iterator, Sequence
from typing import TypedDict

from domain import hints
from domain.event_log import Head
from domain.phase_state import Blocker, PhaseState
from domain.policy_state import PolicyState
from domain.steps import StepState
from domain.tasks import TaskState
from projections.missing import missing_unblocking
from projections.people import Person, person
from projections.places import Place, Tellings
from projections.task_list import in_force, outline_places, ready, texts_of
from projections.titles import title_of, title_place
from projections.urgent import Rank, Urgency
from projections.ways import HANDOFF, Role, Way, standing, way_on

TASK = "task"
"""What stands where others name a step."""


class NextStep(TypedDict):
    """One thing to do. `author` wrote the latest iteration, if there is one."""

    phase: str
    title: str
    title_erased: bool
    step: str
    state: StepState | None
    role: Role
    author: Person | None
    blocked: bool
    because: str
    command: str
    instead: list[str]
    task: str | None
    """The number of a task to work on; None where it is about a document or the handoff."""


def places(heads: Sequence[Head]) -> list[Place]:
    """Return the events that the steps want told: titles, and the descriptions of open blockers."""
    states = [(head.stream, PhaseState.from_facts(head.facts)) for head in heads]
    blockers = [(stream, b.version) for stream, state in states for b in state.open_blockers]
    tasks = [place for _, state in states for place in _task_places(state)]
    return [title_place(state) for _, state in states] + blockers + tasks


def next_steps(
    heads: Sequence[Head],
    told: Tellings,
    *,
    others: Sequence[Head] = (),
    now_us: int,
    policy: PolicyState,
    limit: int | None = None,
) -> list[NextStep]:
    """Return what can be done about some phases at a time in µs; `others` are phases that they depend on.

    The order is that of `Rank`, and what is blocked comes last. Phases follow their names within each. The phases
    that `urgent` names have the first `limit` of what can be done about all.
    """
    states = sorted((PhaseState.from_facts(head.facts).at(now_us) for head in heads), key=lambda state: state.phase)
    by_name = {state.phase: state for state in (*states, *(PhaseState.from_facts(head.facts) for head in others))}
    steps = [step for state in states for step in _of_phase(state, by_name, told, now_us=now_us, policy=policy)]
    return sorted(steps, key=_urgency)[:limit]


def _urgency(step: NextStep) -> Urgency:
    if step["task"]:
        return step["blocked"], Rank.TASK
    if step["role"] is Role.APPROVER:
        return step["blocked"], Rank.VERDICT
    return step["blocked"], Rank.HANDOFF if step["step"] == HANDOFF else Rank.TEXT


def _of_phase(
    state: PhaseState, phases: dict[str, PhaseState], told: Tellings, *, now_us: int, policy: PolicyState
) -> Iterator[NextStep]:
    yield from _ratifying(state, told, now_us=now_us, policy=policy)
    yield from _tasks(state, told)
    way = way_on(state, now_us, policy)
    if way is None:
        return
    for blocker in state.open_blockers:
        yield _unblocking(state, blocker, told)
    step = state.current
    if step is not None:
        because = standing(step, state.documents[step], now=now_us, policy=policy)
        yield _row(state, way, because, told, now_us=now_us)
    elif not state.open_blockers and state.under_glass is None:
        yield from _towards_handoff(state, way, phases, told, now_us=now_us)


def _ratifying(state: PhaseState, told: Tellings, *, now_us: int, policy: PolicyState) -> Iterator[NextStep]:
    """Yield the approvals under break-glass that others have to ratify, or that nobody did in time.

    A lapsed one that the phase has come back to is what leads it on anyway.
    """
    for step, document in state.documents.items():
        lapsed = document.lapsed(now_us)
        leads_on = step is state.current and not state.handed_off
        if state.archived or not (document.under_glass or (lapsed and not leads_on)):
            continue
        because = standing(step, document, now=now_us, policy=policy)
        command = hints.approval(state.phase, step, document, document.state)
        way = Way(step, Role.ANYONE if lapsed else Role.APPROVER, command)
        yield _row(state, way, because, told, now_us=now_us)


def _tasks(state: PhaseState, told: Tellings) -> Iterator[NextStep]:
    """Yield the tasks that are begun, and those that may begin."""
    if state.archived:
        return
    book = in_force(state, told)
    texts = texts_of(told.get((title_place(state)[0], book.in_force.drafted)))
    begun = [number for number, *_ in book.in_force.tasks if book.of(number).state is TaskState.STARTED]
    for number in (*begun, *ready(state, book)):
        progress, text = book.of(number), texts.get(number)
        verb = "done" if number in begun else "start"
        whose = f" by {progress.assignee or progress.started_by}" if number in begun else ""
        whose = whose or (f" for {progress.assignee}" if progress.assignee else "")
        because = f"{number} {'is being worked on' if number in begun else 'is ready'}{whose}"
        because += f": {text.title}" if text else ""
        way = Way(TASK, Role.ANYONE, f"orch task {verb} {state.phase} {number}")
        yield _row(state, way, because, told, now_us=0, task=number)


def _task_places(state: PhaseState) -> list[Place]:
    """Return the event that tells what the tasks are that can be worked on."""
    unrecorded = outline_places(state)
    begun = any(state.tasks.of(number).state is TaskState.STARTED for number, *_ in state.tasks.in_force.tasks)
    if unrecorded or not (begun or ready(state, state.tasks)):
        return unrecorded
    return [(title_place(state)[0], state.tasks.in_force.drafted)]


def _towards_handoff(
    state: PhaseState, way: Way, phases: dict[str, PhaseState], told: Tellings, *, now_us: int
) -> Iterator[NextStep]:
    """Yield the handoff when nothing stands in its way, or the dependencies that nothing will ever settle."""
    waiting = [on for on in state.depends_on if on not in phases or not phases[on].handed_off]
    if not waiting:
        yield _row(state, way, "all five documents are approved", told, now_us=now_us)
    for on in waiting:
        if on not in phases or phases[on].archived:
            because = f"it depends on {on}, which will not be handed off"
            remove = way._replace(command=f"orch depend {state.phase} --on {on} --remove", instead=())
            yield _row(state, remove, because, told, now_us=now_us)


def _unblocking(state: PhaseState, blocker: Blocker, told: Tellings) -> NextStep:
    event = told[title_place(state)[0], blocker.version]
    missing = missing_unblocking(state, blocker, event)
    way = Way(HANDOFF, Role.ANYONE, missing["fix"][0])
    return _row(state, way, missing["because"], told, now_us=0)


def _row(
    state: PhaseState, way: Way, because: str, told: Tellings, *, now_us: int, task: str | None = None
) -> NextStep:
    title = title_of(state, told)
    document = state.documents[state.current] if state.current and way.step == state.current else None
    return {
        "phase": state.phase,
        "title": title.words,
        "title_erased": title.erased,
        "step": way.step,
        "state": document.state_at(now_us) if document else None,
        "role": way.role,
        "author": person(document.author) if document and document.author else None,
        "blocked": bool(state.open_blockers),
        "because": because,
        "command": way.command,
        "instead": list(way.instead),
        "task": task,
    }

"""What can be done now in all phases: by whom, and with which command."""

from collections.abc import Iterator, Sequence
from typing import TypedDict

from domain.event_log import Head
from domain.phase_state import Blocker, PhaseState
from domain.policy_state import PolicyState
from domain.steps import StepState
from projections.missing import missing_unblocking
from projections.people import Person, person
from projections.places import Place, Tellings
from projections.titles import title_of, title_place
from projections.ways import HANDOFF, Role, Way, standing, way_on


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


def places(heads: Sequence[Head]) -> list[Place]:
    """Return the events that the steps want told: titles, and the descriptions of open blockers."""
    states = [(head.stream, PhaseState.from_facts(head.facts)) for head in heads]
    blockers = [(stream, b.version) for stream, state in states for b in state.open_blockers]
    return [title_place(state) for _, state in states] + blockers


def next_steps(
    heads: Sequence[Head], told: Tellings, *, now_us: int, policy: PolicyState, limit: int | None = None
) -> list[NextStep]:
    """Return what can be done at a time in µs; `heads` are the heads of all phases.

    Verdicts come first, for somebody waits for them, then what can be handed off, then texts to write;
    what is blocked comes last. Phases follow their names within each.
    """
    states = sorted((PhaseState.from_facts(head.facts) for head in heads), key=lambda state: state.phase)
    by_name = {state.phase: state for state in states}
    steps = [step for state in states for step in _of_phase(state, by_name, told, now_us=now_us, policy=policy)]
    return sorted(steps, key=_urgency)[:limit]


def _urgency(step: NextStep) -> tuple[bool, int]:
    if step["role"] is Role.APPROVER:
        return step["blocked"], 0
    return step["blocked"], 1 if step["step"] == HANDOFF else 2


def _of_phase(
    state: PhaseState, phases: dict[str, PhaseState], told: Tellings, *, now_us: int, policy: PolicyState
) -> Iterator[NextStep]:
    way = way_on(state, now_us, policy)
    if way is None:
        return
    for blocker in state.open_blockers:
        yield _unblocking(state, blocker, told)
    step = state.current
    if step is not None:
        because = standing(step, state.documents[step], now=now_us, policy=policy)
        yield _row(state, way, because, told, now_us=now_us)
    elif not state.open_blockers:
        yield from _towards_handoff(state, way, phases, told, now_us=now_us)


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


def _row(state: PhaseState, way: Way, because: str, told: Tellings, *, now_us: int) -> NextStep:
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
    }

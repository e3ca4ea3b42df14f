"""All phases, a row each."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TypedDict

from domain.event_log import Head
from domain.phase_state import PhaseState
from domain.policy_state import PolicyState
from domain.steps import Step, StepState
from projections.places import Place, Tellings
from projections.task_list import counts, outline_places
from projections.titles import title_of, title_place
from projections.ways import HANDOFF, Way, way_on


class WaitsFor(StrEnum):
    """Who or what leads a phase on."""

    AUTHOR = "author"
    APPROVER = "approver"
    UNBLOCKING = "unblocking"
    DEPENDENCY = "dependency"
    HANDOFF = "handoff"


class PhaseRow(TypedDict):
    """One phase. `state` and `iteration` are those of the current step, None when no document is worked on."""

    phase: str
    title: str
    title_erased: bool
    current_step: str | None
    state: StepState | None
    iteration: int | None
    next_action: str
    next_command: str | None
    completed: int
    completed_steps: list[Step]
    blocked: bool
    blockers: list[str]
    depends_on: list[str]
    waiting_for: WaitsFor | None
    waiting_for_phases: list[str]
    handed_off: bool
    archived: bool
    tasks_done: int
    tasks_total: int


def states_of(heads: Iterable[Head], *, now_us: int) -> list[PhaseState]:
    """Return the states at a time in µs that heads of phases tell; they are what most of a long list costs."""
    return [PhaseState.from_facts(head.facts).at(now_us) for head in heads]


def places(states: Iterable[PhaseState]) -> list[Place]:
    """Return the events that a list wants told: the titles, and tasks that no head tells."""
    return [place for state in states for place in (title_place(state), *outline_places(state))]


def phase_list(states: Sequence[PhaseState], told: Tellings, *, now_us: int, policy: PolicyState) -> list[PhaseRow]:
    """Return a row for each state, in their order, at a time in µs. `states` are those of all phases."""
    handed_off = {state.phase for state in states if state.handed_off}
    return [_row(state, told, now_us=now_us, policy=policy, handed_off=handed_off) for state in states]


def _row(state: PhaseState, told: Tellings, *, now_us: int, policy: PolicyState, handed_off: set[str]) -> PhaseRow:
    title = title_of(state, told)
    closed = bool(state.handed_off or state.archived)
    current = None if closed else state.current
    document = state.documents[current] if current else None
    way = way_on(state, now_us, policy)
    tasks = counts(state, told)
    waits_for_phases = [] if closed else [on for on in state.depends_on if on not in handed_off]
    return {
        "phase": state.phase,
        "title": title.words,
        "title_erased": title.erased,
        "current_step": state.current_step,
        "state": document.state_at(now_us) if document else None,
        "iteration": document.iteration if document else None,
        "next_action": state.next_action,
        "next_command": way.command if way else None,
        "completed": len(state.completed),
        "completed_steps": list(state.completed),
        "blocked": bool(state.open_blockers) and not closed,
        "blockers": [blocker.id for blocker in state.open_blockers],
        "depends_on": list(state.depends_on),
        "waiting_for": _waits_for(state, way, waits_for_phases),
        "waiting_for_phases": waits_for_phases,
        "handed_off": bool(state.handed_off),
        "archived": bool(state.archived),
        "tasks_done": tasks["done"],
        "tasks_total": tasks["total"],
    }


def _waits_for(state: PhaseState, way: Way | None, phases: Sequence[str]) -> WaitsFor | None:
    if way is None:
        return None
    if way.step != HANDOFF:
        return WaitsFor(way.role.value)
    if state.open_blockers:
        return WaitsFor.UNBLOCKING
    return WaitsFor.DEPENDENCY if phases else WaitsFor.HANDOFF

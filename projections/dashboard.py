"""The whole project on one page: what is done, what waits and since when, what stands in the way."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TypedDict

from domain.event_log import Head
from domain.phase_glance import Glance
from domain.phase_state import PhaseState
from domain.policy_state import PolicyState
from domain.steps import STEPS, Step, StepState
from domain.times import rfc3339
from projections.next_steps import NextStep
from projections.places import Place, Tellings, in_stream, words
from projections.task_list import counts, outline_places
from projections.titles import title_of, title_place
from projections.urgent import Judging
from projections.ways import way_on


class Attention(StrEnum):
    """What a phase asks for, the most pressing first."""

    VERDICT = "verdict"
    BLOCKED = "blocked"
    STALE = "stale"
    HANDOFF = "handoff"
    TEXT = "text"
    DEPENDENCY = "dependency"
    HANDED_OFF = "handed_off"
    ARCHIVED = "archived"


class StepSeen(TypedDict):
    """One step of the five."""

    step: Step
    state: StepState
    iteration: int


class Waiting(TypedDict):
    """A text that waits for a verdict; `seconds` is how long it has by the moment of the answer."""

    step: Step
    iteration: int
    since: str
    seconds: int
    given: int
    needed: int


class OpenBlocker(TypedDict):
    """What stands in the way; `description` is None where it was erased."""

    id: str
    type: str
    description: str | None
    since: str


class DashboardRow(TypedDict):
    """One phase."""

    phase: str
    title: str
    title_erased: bool
    attention: Attention
    current_step: str | None
    steps: list[StepSeen]
    steps_approved: int
    tasks_done: int
    tasks_total: int
    waiting: Waiting | None
    blockers: list[OpenBlocker]
    stale: list[Step]
    waiting_for_phases: list[str]
    next_command: str | None


class Totals(TypedDict):
    """All phases in numbers; steps and tasks are those of phases that are not archived."""

    phases: int
    attention: dict[str, int]
    """How many phases ask for what, by the words of `attention` in the rows."""
    steps_approved: int
    steps_total: int
    tasks_done: int
    tasks_total: int


class Dashboard(TypedDict):
    """The whole project: its numbers, the phases that ask for most, and the most useful things to do."""

    totals: Totals
    rows: list[DashboardRow]
    left_out: int
    """Phases that are counted and not shown."""
    advice: list[NextStep]


def totals(seen: Iterable[Glance], attention: Iterable[Attention]) -> Totals:
    """Return all phases in numbers."""
    asked = Counter(attention)
    live = [glance for glance in seen if not glance.archived]
    tasks = [glance.tasks for glance in live if glance.tasks.total]
    return {
        "phases": asked.total(),
        "attention": {each.value: asked[each] for each in Attention},
        "steps_approved": sum(glance.approved for glance in live),
        "steps_total": len(STEPS) * len(live),
        "tasks_done": sum(each.done for each in tasks),
        "tasks_total": sum(each.total for each in tasks),
    }


def attentions(seen: Mapping[str, Glance], judging: Judging) -> dict[str, Attention]:
    """Return what every phase asks for at a time in µs, the most pressing first, by name within each."""
    found: dict[Attention, list[str]] = {attention: [] for attention in Attention}
    for phase, each in sorted(seen.items()):
        found[_attention(each, seen, judging)].append(phase)
    return {phase: attention for attention, phases in found.items() for phase in phases}


def _attention(each: Glance, seen: Mapping[str, Glance], judging: Judging) -> Attention:
    if each.archived or each.handed_off:
        return Attention.ARCHIVED if each.archived else Attention.HANDED_OFF
    if each.blockers:
        return Attention.BLOCKED
    if each.current is None and each.glass:
        return Attention.VERDICT
    if each.current is None:
        waits = any(on not in seen or not seen[on].handed_off for on in each.depends_on)
        return Attention.DEPENDENCY if waits else Attention.HANDOFF
    if judging.waits(each, each.current):
        return Attention.VERDICT
    return Attention.STALE if each.stale else Attention.TEXT


def places(heads: Iterable[Head]) -> list[Place]:
    """Return the events that the rows want told: titles, texts that wait, open blockers."""
    return [place for head in heads for place in _places(head.stream, PhaseState.from_facts(head.facts))]


def _places(stream: str, state: PhaseState) -> list[Place]:
    waiting = state.documents[state.current].drafted if state.current else 0
    wanted = [waiting, *(blocker.version for blocker in state.open_blockers)]
    return [title_place(state), *in_stream(stream, wanted), *outline_places(state)]


def rows_of(
    heads: Sequence[Head],
    told: Tellings,
    *,
    attention: Mapping[str, Attention],
    seen: Mapping[str, Glance],
    now_us: int,
    policy: PolicyState,
) -> list[DashboardRow]:
    """Return a row for each head, in their order, at a time in µs. `told` holds at least `places(heads)`."""
    rows = []
    for head in heads:
        state = PhaseState.from_facts(head.facts).at(now_us)
        row = _row(head.stream, state, told, attention[state.phase], now_us=now_us, policy=policy)
        if row["current_step"]:
            row["waiting_for_phases"] = [on for on in state.depends_on if on not in seen or not seen[on].handed_off]
        rows.append(row)
    return rows


def _row(
    stream: str, state: PhaseState, told: Tellings, attention: Attention, *, now_us: int, policy: PolicyState
) -> DashboardRow:
    title, tasks = title_of(state, told), counts(state, told)
    way = way_on(state, now_us, policy)
    states = {step: state.documents[step].state_at(now_us) for step in STEPS}
    return {
        "phase": state.phase,
        "title": title.words,
        "title_erased": title.erased,
        "attention": attention,
        "current_step": state.current_step,
        "steps": [{"step": s, "state": states[s], "iteration": state.documents[s].iteration} for s in STEPS],
        "steps_approved": len(state.completed),
        "tasks_done": tasks["done"],
        "tasks_total": tasks["total"],
        "waiting": _waiting(stream, state, told, now_us=now_us, policy=policy),
        "blockers": [
            {
                "id": blocker.id,
                "type": blocker.type,
                "description": words(told[stream, blocker.version], "description"),
                "since": rfc3339(told[stream, blocker.version].recorded_at),
            }
            for blocker in state.open_blockers
        ],
        "stale": [step for step in STEPS if states[step] is StepState.STALE],
        "waiting_for_phases": [],
        "next_command": way.command if way else None,
    }


def _waiting(stream: str, state: PhaseState, told: Tellings, *, now_us: int, policy: PolicyState) -> Waiting | None:
    step = state.current
    if step is None or state.archived:
        return None
    document = state.documents[step]
    if document.state_at(now_us) is not StepState.AWAITING_APPROVAL:
        return None
    since = told[stream, document.drafted].recorded_at
    return {
        "step": step,
        "iteration": document.iteration,
        "since": rfc3339(since),
        "seconds": max(0, now_us - since) // 1_000_000,
        "given": len(document.approvals),
        "needed": policy.minimum_approvers,
    }

"""Which missing event blocks a step, or the handoff, and the commands that would bring it."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from domain.event_log import Head
from domain.phase_state import PhaseState
from domain.policy_state import PolicyState
from domain.steps import STEPS, Step, StepState
from projections.glass import under_glass
from projections.missing import (
    Missing,
    missing_for_step,
    missing_handoff_of,
    missing_ratification,
    missing_unblocking,
    read_only,
)
from projections.places import Place, Tellings, in_stream
from projections.task_list import TaskCounts, counts, next_tasks, outline_places
from projections.ways import HANDOFF, way_on


class Why(TypedDict):
    """What is missing, the first thing to do first; nothing at all when nothing blocks."""

    phase: str
    step: str
    blocked: bool
    summary: str
    missing: list[Missing]
    next_commands: list[str]


def places(head: Head) -> list[Place]:
    """Return the events that an explanation wants told."""
    state = PhaseState.from_facts(head.facts)
    wanted = [state.handed_off, state.archived]
    for document in state.documents.values():
        wanted += [document.stale_since, *document.feedback]
    wanted += [blocker.version for blocker in state.open_blockers]
    return [*in_stream(head.stream, wanted), *outline_places(state)]


def why(
    head: Head,
    step: Step | None,
    told: Tellings,
    *,
    now_us: int,
    policy: PolicyState,
    dependencies: Mapping[str, Head | None],
) -> Why:
    """Explain what a step still needs for its approval, or without a step what the handoff needs.

    `told` holds at least `places(head)`; `dependencies` the heads of the phases that this one depends on.
    """
    state = PhaseState.from_facts(head.facts).at(now_us)
    missing: list[Missing] = []
    if state.archived:
        missing = [read_only(state, told[head.stream, state.archived])]
    elif not (step is None and state.handed_off):
        upto = STEPS if step is None else (*step.earlier, step)
        missing = _steps(head.stream, state, upto, told, now_us=now_us, policy=policy)
        if step is None:
            broken = [s for s, document in state.documents.items() if document.under_glass]
            missing += [missing_ratification(state, s, now_us=now_us, policy=policy) for s in broken]
            missing += [missing_unblocking(state, b, told[head.stream, b.version]) for b in state.open_blockers]
            missing += _dependencies(state, dependencies, now_us=now_us, policy=policy)
    return {
        "phase": state.phase,
        "step": step or HANDOFF,
        "blocked": bool(missing),
        "summary": missing[0]["because"] if missing else _nothing_blocks(state, step, counts(state, told)),
        "missing": missing,
        "next_commands": _next_commands(state, missing, now_us, policy) or next_tasks(state, told),
    }


def _steps(
    stream: str, state: PhaseState, steps: Sequence[Step], told: Tellings, *, now_us: int, policy: PolicyState
) -> list[Missing]:
    """Return what each step lacks; only the first of them can be worked on."""
    lacking = [s for s in steps if state.documents[s].state is not StepState.APPROVED]
    return [
        missing_for_step(stream, state, s, told, now_us=now_us, policy=policy, after=lacking[0] if i else None)
        for i, s in enumerate(lacking)
    ]


def _dependencies(
    state: PhaseState, heads: Mapping[str, Head | None], *, now_us: int, policy: PolicyState
) -> list[Missing]:
    known = {on: PhaseState.from_facts(head.facts).at(now_us) if head else None for on, head in heads.items()}
    waiting = [(on, known.get(on)) for on in state.depends_on]
    return [
        missing_handoff_of(state, on, other, now_us=now_us, policy=policy)
        for on, other in waiting
        if other is None or not other.handed_off
    ]


def _nothing_blocks(state: PhaseState, step: Step | None, tasks: TaskCounts) -> str:
    if step is not None:
        document = state.documents[step]
        latest = f"iteration {document.iteration}"
        approved = under_glass(latest, document) if document.under_glass else f"{latest} is approved"
        return f"Nothing blocks {step} of {state.phase}: {approved}"
    if state.handed_off:
        done = f", and {tasks['done']} of {tasks['total']} tasks are done" if tasks["total"] else ""
        return f"Nothing blocks {state.phase}: it has been handed off{done}"
    return f"Nothing blocks the handoff of {state.phase}"


def _next_commands(state: PhaseState, missing: Sequence[Missing], now: int, policy: PolicyState) -> list[str]:
    if missing:
        return next((item["fix"] for item in missing if item["fix"]), [])
    way = way_on(state, now, policy)
    return [way.command, *way.instead] if way else []

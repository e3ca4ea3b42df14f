"""The next command to type: lines that work when pasted."""

from collections.abc import Sequence

from domain.actors import Actor, ActorKind
from domain.documents import Document
from domain.phase_state import PhaseState
from domain.steps import Step, StepState

DRAFT = {
    Step.SPEC: '--objectives "what it must achieve"',
    Step.RESEARCH: '--foundation "what is known"',
    Step.PLAN: '--architecture "how it is built"',
    Step.PRD: '--goal "what the first release does"',
    Step.TASKS: '--tasks "first task,second task"',
}


def draft(phase: str, step: Step) -> str:
    """Return the command that drafts the next iteration of a step."""
    return f"orch {step} {phase} {DRAFT[step]}"


def approval(phase: str, step: Step, document: Document, state: StepState) -> str:
    """Return the command that brings a step nearer to its approval, from the state it is in."""
    match state:
        case StepState.AWAITING_APPROVAL | StepState.APPROVED:
            return f"orch approve {phase} {step}"
        case StepState.EXPIRED:
            return f"orch request {phase} {step}"
        case StepState.STALE if document.was_approved:
            return f'orch reconfirm {phase} {step} --reason "why it still holds"'
        case _:
            return draft(phase, step)


def unratified(state: PhaseState, step: Step) -> str:
    """Return why a phase with an approval under break-glass does not leave the project yet."""
    broken_by = state.documents[step].broke_glass
    return f"{step} was approved under break-glass by {broken_by}, and nobody else has approved it yet"


def handoff(state: PhaseState, now: int) -> str:
    """Return the command that brings a phase nearer to its handoff, at a time in µs since the epoch."""
    state = state.at(now)
    step = state.current or state.under_glass
    if step is not None:
        return approval(state.phase, step, state.documents[step], state.documents[step].state)
    if state.open_blockers:
        return f"orch unblock {state.phase} {state.open_blockers[0].id}"
    return f"orch handoff {state.phase}"


def grant(name: str, role: str) -> str:
    """Return the command that gives somebody a role."""
    from shlex import quote  # few commands need it

    return f"orch role grant {quote(name)} {quote(role)}"


def token(to: Actor, scopes: Sequence[str] = (), *, days: int | None = None) -> str:
    """Return the command that issues somebody a token: of their kind, since without one it would be a person's."""
    from shlex import quote

    kind = "" if to.kind is ActorKind.HUMAN else f" --kind {to.kind}"
    wanted = "".join(f" --scope {scope}" for scope in scopes)
    return f"orch token create {quote(to.name)}{kind}{wanted}{'' if days is None else f' --days {days}'}"

"""The next command to type: lines that work when pasted."""

from domain.documents import Document
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

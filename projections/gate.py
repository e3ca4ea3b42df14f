"""What stands between a step and the gate: the approval that the log holds for it."""

from domain import hints
from domain.documents import Document
from domain.errors import GateClosed
from domain.phase_state import PhaseState
from domain.steps import Step, StepState


def approved(state: PhaseState, step: Step, *, now_us: int) -> Document:
    """Return the document of an approved step; refuse any other with the command that brings it nearer."""
    document = state.documents[step]
    found = document.state_at(now_us)
    if found is StepState.APPROVED and not document.claimed and document.ratify_by is None:
        return document
    first = state.gap_before(step) or step
    fix = hints.approval(state.phase, first, state.documents[first], state.documents[first].state_at(now_us))
    raise GateClosed(state.phase, step, why=_why(document, found), fix=(fix,))


def _why(document: Document, state: StepState) -> str:
    iteration = f"iteration {document.iteration}"
    match state:
        case StepState.APPROVED if document.ratify_by is not None:
            return f"{iteration} is approved under break-glass by {document.broke_glass} only, and nobody else has yet"
        case StepState.APPROVED:
            return f"the approval of {iteration} is an imported claim, and nobody has judged it here"
        case StepState.NOT_STARTED:
            return "nobody has drafted it yet"
        case StepState.AWAITING_APPROVAL:
            return f"{iteration} waits for approval"
        case StepState.EXPIRED:
            return f"the request to approve {iteration} has expired"
        case StepState.REJECTED:
            return f"{iteration} was rejected"
        case StepState.REOPENED:
            return f"it was reopened, so the approval of {iteration} is withdrawn"
        case _:
            return f"it is stale since {document.stale_because} was reopened"

"""What stands between a step and the gate: the approval that the log holds for it."""

from domain import hints
from domain.documents import Document
from domain.errors import GateClosed
from domain.phase_state import PhaseState
from domain.steps import Step, StepState
from projections.glass import lapsed, under_glass
from projections.withdrawals import approval_lost


def approved(state: PhaseState, step: Step, *, now_us: int) -> Document:
    """Return the document of an approved step; refuse any other with the command that brings it nearer."""
    state = state.at(now_us)
    document = state.documents[step]
    if document.state is StepState.APPROVED and not document.claimed and not document.under_glass:
        return document
    if state.archived:
        raise GateClosed(state.phase, step, why=_why(document, now_us), fix=(f"orch history {state.phase}",))
    first = state.gap_before(step) or step
    fix = hints.approval(state.phase, first, state.documents[first], state.documents[first].state)
    raise GateClosed(state.phase, step, why=_why(document, now_us), fix=(fix,))


def _why(document: Document, now_us: int) -> str:
    iteration = f"iteration {document.iteration}"
    match document.state:
        case StepState.APPROVED if document.under_glass:
            return under_glass(iteration, document)
        case StepState.APPROVED:
            return f"the approval of {iteration} is an imported claim, and nobody has judged it here"
        case StepState.NOT_STARTED:
            return "nobody has drafted it yet"
        case StepState.AWAITING_APPROVAL:
            return f"{iteration} waits for approval"
        case StepState.EXPIRED if document.lapsed(now_us):
            return lapsed(iteration, document)
        case StepState.EXPIRED:
            return f"the request to approve {iteration} has expired"
        case StepState.REJECTED:
            return f"{iteration} was rejected"
        case StepState.REOPENED:
            return f"it was reopened, so the approval of {iteration} is withdrawn"
        case _:
            return f"it is stale since {approval_lost(document.stale_because, document.stale_by)}"

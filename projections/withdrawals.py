"""How it is told that a step lost the approval that later steps rest on."""

from domain.documents import Withdrawal


def approval_lost(step: str, by: str) -> str:
    """Return what became of the approval of a step."""
    match by:
        case Withdrawal.REJECTED:
            return f"the approval of {step} was withdrawn by a rejection"
        case Withdrawal.REDRAFTED:
            return f"{step} was drafted anew"
        case _:
            return f"{step} was reopened"

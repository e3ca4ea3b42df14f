"""The one thing that leads a phase on: which step, by whom, with which command, and why."""

from enum import StrEnum
from typing import NamedTuple

from domain import hints
from domain.documents import Document
from domain.phase_state import PhaseState
from domain.policy_state import PolicyState
from domain.steps import Step, StepState
from projections.glass import lapsed, under_glass
from projections.withdrawals import approval_lost

HANDOFF = "handoff"


class Role(StrEnum):
    """Who can lead on."""

    AUTHOR = "author"
    APPROVER = "approver"
    ANYONE = "anyone"


class Way(NamedTuple):
    """What can be done now."""

    step: str
    """A step, or `handoff`."""
    role: Role
    command: str
    instead: tuple[str, ...] = ()
    """The other commands that would lead on, too."""


def way_on(state: PhaseState, now: int, policy: PolicyState) -> Way | None:
    """Return what leads on at a time in µs, or None once a phase is handed off or archived.

    Whether the phases it depends on allow the handoff cannot be told from its own head.
    """
    if state.handed_off or state.archived:
        return None
    state = state.at(now)
    step = state.current
    if step is None:
        return _to_handoff(state)
    return _to_approval(state, step, now, policy)


def _to_handoff(state: PhaseState) -> Way:
    phase, glass = state.phase, state.under_glass
    if glass is not None:
        return Way(glass, Role.APPROVER, hints.approval(phase, glass, state.documents[glass], StepState.APPROVED))
    if state.open_blockers:
        first, *others = (f"orch unblock {phase} {blocker.id}" for blocker in state.open_blockers)
        return Way(HANDOFF, Role.ANYONE, first, tuple(others))
    instead = (f"orch why {phase}",) if state.depends_on else ()
    return Way(HANDOFF, Role.ANYONE, f"orch handoff {phase}", instead)


def _to_approval(state: PhaseState, step: Step, now: int, policy: PolicyState) -> Way:
    phase, document = state.phase, state.documents[step]
    at_present = document.state_at(now)
    command = hints.approval(phase, step, document, at_present)
    if _undecided(document, at_present) and policy.lacking(step, document):
        return Way(step, Role.AUTHOR, hints.draft(phase, step))
    match at_present:
        case StepState.AWAITING_APPROVAL:
            return Way(step, Role.APPROVER, command, (f'orch reject {phase} {step} --feedback "what must change"',))
        case StepState.STALE if document.was_approved:
            return Way(step, Role.APPROVER, command, (hints.draft(phase, step),))
        case StepState.EXPIRED:
            return Way(step, Role.AUTHOR, command, (hints.draft(phase, step),))
        case _:
            return Way(step, Role.AUTHOR, command)


def judgeable(step: Step, document: Document, now: int, policy: PolicyState) -> bool:
    """Tell whether a verdict is what leads a step on at a time in µs."""
    if not _undecided(document, document.state_at(now)):
        return False
    return policy.minimum_quality(step) is None or policy.lacking(step, document) is None


def _undecided(document: Document, at_present: StepState) -> bool:
    return at_present is StepState.AWAITING_APPROVAL or (at_present is StepState.STALE and document.was_approved)


def standing(step: Step, document: Document, *, now: int, policy: PolicyState) -> str:
    """Return where a step stands, as a sentence without its full stop."""
    latest = f"{step} iteration {document.iteration}"
    match document.state_at(now):
        case StepState.NOT_STARTED:
            return f"{step} has not been drafted"
        case StepState.AWAITING_APPROVAL:
            return f"{latest} waits for approval{_so_far(step, document, policy)}{_lacking(step, document, policy)}"
        case StepState.EXPIRED if document.lapsed(now):
            return lapsed(latest, document)
        case StepState.EXPIRED:
            return f"the request to approve {latest} has expired"
        case StepState.REJECTED:
            return f"{latest} was rejected"
        case StepState.REOPENED:
            return f"{step} was reopened after iteration {document.iteration}"
        case StepState.STALE:
            so_far = _so_far(step, document, policy) if document.approvals else ""
            lacking = _lacking(step, document, policy) if document.was_approved else ""
            since = approval_lost(document.stale_because, document.stale_by)
            return f"{latest} is stale since {since}{so_far}{lacking}"
        case StepState.APPROVED if document.under_glass:
            return under_glass(latest, document)
        case StepState.APPROVED:
            return f"{latest} is approved"


def _lacking(step: Step, document: Document, policy: PolicyState) -> str:
    """Return what the policy asks for and the text does not have."""
    lacking = policy.lacking(step, document)
    return f", but {lacking}" if lacking else ""


def _so_far(step: Step, document: Document, policy: PolicyState) -> str:
    """Return how many approvals there are, where one alone would not do."""
    given = len(document.approvals)
    if not given and policy.needed(step) == 1:
        return ""
    names = ", ".join(approval.by.name for approval in document.approvals)
    return f" ({given} of {policy.needed(step)} given{', by ' + names if names else ''})"

"""One missing event: where it belongs, why it is missing, and what would bring it."""

from typing import TypedDict

from domain import hints
from domain.documents import Document
from domain.event_log import Told
from domain.phase_state import Blocker, PhaseState
from domain.policy_state import PolicyState
from domain.steps import Step, StepState
from domain.times import rfc3339
from projections.feedback import open_feedback
from projections.people import Person, person
from projections.places import ERASED, Tellings, words
from projections.ways import HANDOFF, standing, way_on


class Approvers(TypedDict):
    """Who has approved, how many must, who may not, and which role is asked for: `holders` hold it."""

    given: int
    needed: int
    by: list[Person]
    not_by: list[str]
    people_only: bool
    role: str | None
    holders: list[str]


class Missing(TypedDict):
    """An event that has not happened. `fix` holds commands that work now; none while another step comes first."""

    missing_topic: str | None
    phase: str
    step: str
    because: str
    approvers: Approvers | None
    fix: list[str]


def missing_for_step(
    stream: str, state: PhaseState, step: Step, told: Tellings, *, now_us: int, policy: PolicyState, after: Step | None
) -> Missing:
    """Return the next event that an unapproved step lacks; `after` names the step that comes first."""
    document = state.documents[step]
    because = standing(step, document, now=now_us, policy=policy)
    because += _details(stream, document, told, now_us=now_us)
    topic = _next_topic(document, now_us)
    approvers = None
    if topic in ("phase.document_approved", "phase.document_reconfirmed"):
        approvers = _approvers(step, document, policy)
        because += _who_may(approvers, again=topic == "phase.document_reconfirmed")
    way = way_on(state, now_us, policy)
    return {
        "missing_topic": topic,
        "phase": state.phase,
        "step": step,
        "because": f"{because}; {after} comes first" if after else because,
        "approvers": approvers,
        "fix": [way.command, *way.instead] if way and not after else [],
    }


def missing_ratification(state: PhaseState, step: Step, *, now_us: int, policy: PolicyState) -> Missing:
    """Return the missing approval by others of what was approved under break-glass."""
    document = state.documents[step]
    return {
        "missing_topic": "phase.document_approved",
        "phase": state.phase,
        "step": step,
        "because": standing(step, document, now=now_us, policy=policy),
        "approvers": _approvers(step, document, policy),
        "fix": [hints.approval(state.phase, step, document, document.state_at(now_us))],
    }


def missing_unblocking(state: PhaseState, blocker: Blocker, told: Told) -> Missing:
    """Return the missing end of a blocker."""
    description = words(told, "description") or (ERASED if told.erased else "")
    return {
        "missing_topic": "phase.unblocked",
        "phase": state.phase,
        "step": HANDOFF,
        "because": f"{blocker.id} ({blocker.type}) is open{': ' + description if description else ''}",
        "approvers": None,
        "fix": [f"orch unblock {state.phase} {blocker.id}"],
    }


def missing_handoff_of(
    state: PhaseState, on: str, other: PhaseState | None, *, now_us: int, policy: PolicyState
) -> Missing:
    """Return the missing handoff of another phase, and what leads that one on."""
    remove = f"orch depend {state.phase} --on {on} --remove"
    because = f"it depends on {on}, which has not been handed off"
    fix = [remove]
    if other is None:
        because = f"it depends on {on}, which did not exist"
    elif other.archived:
        because += " and is archived"
    else:
        if other.current is not None:
            document = other.documents[other.current]
            because += f": there, {standing(other.current, document, now=now_us, policy=policy)}"
        waits_in_turn = other.current is None and not other.open_blockers and other.depends_on
        fix = [f"orch why {on}" if waits_in_turn else hints.handoff(other, now_us), remove]
    return {
        "missing_topic": "phase.handed_off",
        "phase": on,
        "step": HANDOFF,
        "because": because,
        "approvers": None,
        "fix": fix,
    }


def read_only(state: PhaseState, told: Told) -> Missing:
    """Return why nothing can happen any more."""
    return {
        "missing_topic": None,
        "phase": state.phase,
        "step": HANDOFF,
        "because": f"{state.phase} is archived and read-only since {rfc3339(told.recorded_at)}",
        "approvers": None,
        "fix": [f"orch history {state.phase}"],
    }


def _next_topic(document: Document, now: int) -> str:
    match document.state_at(now):
        case StepState.AWAITING_APPROVAL:
            return "phase.document_approved"
        case StepState.EXPIRED:
            return "phase.approval_requested"
        case StepState.STALE if document.was_approved:
            return "phase.document_reconfirmed"
        case _:
            return "phase.document_drafted"


def _approvers(step: Step, document: Document, policy: PolicyState) -> Approvers:
    given = [approval.by for approval in document.approvals]
    not_by = [approver.name for approver in given]
    author = document.author
    if policy.author_may_not_approve and author is not None and author.name not in not_by:
        not_by.append(author.name)
    role = policy.role_for(step)
    return {
        "given": len(given),
        "needed": policy.needed(step),
        "by": [person(approver) for approver in given],
        "not_by": not_by,
        "people_only": policy.agents_may_not_approve,
        "role": role,
        "holders": policy.holders(role) if role else [],
    }


def _who_may(approvers: Approvers, *, again: bool) -> str:
    """Return who may give the missing verdict, where not everybody may."""
    if not approvers["not_by"] and not approvers["people_only"] and not approvers["role"]:
        return ""
    who = "a person" if approvers["people_only"] else "somebody"
    others = f" other than {' or '.join(approvers['not_by'])}" if approvers["not_by"] else ""
    role = ""
    if approvers["role"]:
        role = f" with the role {approvers['role']} ({', '.join(approvers['holders']) or 'nobody holds it'})"
    return f"{', to be reconfirmed' if again else ''} by {who}{role}{others}"


def _details(stream: str, document: Document, told: Tellings, *, now_us: int) -> str:
    """Return when a request ran out, since which position a text is stale, and what the feedback says."""
    state = document.state_at(now_us)
    if state is StepState.EXPIRED and document.expires_at is not None:
        return f" at {rfc3339(document.expires_at)}"
    details = f" at position {told[stream, document.stale_since].position}" if document.stale_since else ""
    if state in (StepState.REJECTED, StepState.REOPENED):
        for feedback in open_feedback(stream, document, told)[-1:]:
            asked = "; ".join(feedback["points"]) or (ERASED if feedback["erased"] else "")
            details += f" by {feedback['by']['name']}{': ' + asked if asked else ''}"
    return details

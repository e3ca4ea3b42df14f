"""Where one step of a phase stands."""

from collections.abc import Sequence
from typing import TypedDict

from domain.documents import Document
from domain.event_log import Told
from domain.importers import Importer
from domain.policy_state import PolicyState
from domain.quality import MARKS
from domain.steps import Step, StepState
from domain.times import rfc3339
from projections.feedback import Feedback, open_feedback
from projections.moments import maybe_rfc3339
from projections.people import Person, person
from projections.places import Tellings, words

SETTLED = (StepState.APPROVED, StepState.REJECTED)


class Approvals(TypedDict):
    """Approvals of the latest iteration. Once it is approved, as many were needed as were given."""

    given: int
    needed: int
    by: list[Person]


class StaleBecause(TypedDict):
    """What made a document stale: a reopening, or the end of an approval under break-glass."""

    step: str
    position: int
    reason: str | None
    erased: bool


class Claim(TypedDict):
    """An imported verdict, which nobody gave here and no policy judged; `at` is when it is said to have been given."""

    by: str | None
    at: str
    importer: Importer
    position: int


class Quality(TypedDict):
    """How complete a text is, in percent: it passes at `mark`, and the policy asks for `required`."""

    score: int
    mark: int
    required: int | None
    missing: list[str]


class BreakGlass(TypedDict):
    """An approval by force that others have to ratify: who gave it, until when it holds, and whether that is over."""

    by: str
    until: str
    overdue: bool


class StepStatus(TypedDict):
    """The latest iteration of a step. The verdict is the one that settled it; an imported one is a `claim` instead."""

    state: StepState
    iteration: int
    digest: str | None
    author: Person | None
    drafted_at: str | None
    expires_at: str | None
    verdict_by: Person | None
    verdict_at: str | None
    claim: Claim | None
    self_approval: bool
    automatic: bool
    forced: bool
    break_glass: BreakGlass | None
    approvals: Approvals
    feedback: list[Feedback]
    stale_because: StaleBecause | None
    quality: Quality | None


class Steps(TypedDict):
    """The five steps in their order."""

    spec: StepStatus
    research: StepStatus
    plan: StepStatus
    prd: StepStatus
    tasks: StepStatus


def versions(document: Document) -> tuple[int, ...]:
    """Return the versions of the events that tell about a document."""
    return (document.drafted, _verdict_of(document), document.stale_since, *document.feedback)


def step_status(
    stream: str, step: Step, document: Document, told: Tellings, *, now_us: int, policy: PolicyState
) -> StepStatus:
    """Return where a step stands at a time in µs."""
    drafted = told[stream, document.drafted] if document.drafted else None
    settled = told[stream, _verdict_of(document)] if _verdict_of(document) else None
    verdict = None if document.claimed else settled
    approved = document.state is StepState.APPROVED
    given = len(document.approvals)
    broken = document.under_glass
    return {
        "state": document.state_at(now_us),
        "iteration": document.iteration,
        "digest": document.digest or None,
        "author": person(document.author) if document.author else None,
        "drafted_at": rfc3339(drafted.recorded_at) if drafted else None,
        "expires_at": maybe_rfc3339(document.expires_at),
        "verdict_by": person(verdict.by) if verdict else None,
        "verdict_at": rfc3339(verdict.recorded_at) if verdict else None,
        "claim": claim_of(settled) if settled and document.claimed else None,
        "self_approval": bool(verdict and verdict.facts.get("self_approval")),
        "automatic": bool(verdict and verdict.facts.get("automatic")),
        "forced": bool(verdict and verdict.facts.get("forced")),
        "break_glass": break_glass_of(document, now_us),
        "approvals": {
            "given": given,
            "needed": given if approved and not document.claimed and not broken else policy.needed(step),
            "by": [person(approval.by) for approval in document.approvals],
        },
        "feedback": open_feedback(stream, document, told),
        "stale_because": _because(document, told[stream, document.stale_since]) if document.stale_since else None,
        "quality": quality(step, document.quality, document.missing, required=policy.minimum_quality(step)),
    }


def break_glass_of(document: Document, now_us: int) -> BreakGlass | None:
    """Return what is known of an approval that others have to ratify."""
    if document.ratify_by is None:
        return None
    until, overdue = rfc3339(document.ratify_by), document.overdue(now_us)
    return {"by": document.broke_glass, "until": until, "overdue": overdue}


def claim_of(told: Told) -> Claim:
    """Return what an imported verdict claims."""
    return {
        "by": told.facts["claimed_by"] or None,
        "at": told.occurred_at,
        "importer": Importer(told.facts["importer"]),
        "position": told.position,
    }


def quality(step: Step, score: int | None, missing: Sequence[str], *, required: int | None = None) -> Quality | None:
    """Return the quality of a text, or None where the step is not scored or the score is not known."""
    if score is None or step not in MARKS:
        return None
    return {"score": score, "mark": MARKS[step], "required": required, "missing": list(missing)}


def _verdict_of(document: Document) -> int:
    """Return the verdict that still holds; a stale or reopened document keeps none."""
    return document.decided if document.state in SETTLED else 0


def _because(document: Document, reopening: Told) -> StaleBecause:
    return {
        "step": Step(document.stale_because),
        "position": reopening.position,
        "reason": words(reopening, "reason") or "; ".join(words(reopening, "feedback") or ()) or None,
        "erased": reopening.erased,
    }

"""Verdicts on exactly one text, by whoever the token says."""

from typing import Annotated

from starlette.responses import Response

from api.answering import carried_out
from api.asking import Approver, Writing
from api.parts import part
from api.words import Approval, PhaseId, Reason, Reconfirmation, Rejection, Verdict, if_wanted
from domain.commands import ApproveDocument, ReconfirmDocument, RejectDocument, ReopenStep
from domain.steps import Step
from usecases.gate import refuse_other_than_latest

router = part(tags=["verdicts"])


@router.post("/phases/{phase}/{step}/approve", summary="Approve a document")
def approve(ask: Approver, phase: PhaseId, step: Step, words: Annotated[Approval, if_wanted(Approval)]) -> Response:
    """Approve the latest text; name its digest, and nothing else can be approved by mistake."""

    def command() -> ApproveDocument:
        return ApproveDocument(
            ask.meta(phase),
            phase,
            step,
            iteration=words.iteration,
            digest=words.digest,
            seen=_seen(ask, phase, step, words),
            meaning=words.meaning,
            comments=words.comments,
            forced=words.force,
            break_glass=words.break_glass,
            reason=words.reason,
            automatic=words.automatic,
        )

    return carried_out(ask, phase, command, occasion="approval", judged=step)


@router.post("/phases/{phase}/{step}/reject", summary="Reject a document")
def reject(ask: Approver, phase: PhaseId, step: Step, words: Rejection) -> Response:
    """Reject the latest text and say what must change."""

    def command() -> RejectDocument:
        return RejectDocument(
            ask.meta(phase),
            phase,
            step,
            feedback=tuple(point for point in words.feedback if point.strip()),
            iteration=words.iteration,
            digest=words.digest,
            seen=_seen(ask, phase, step, words),
            comments=words.comments,
        )

    return carried_out(ask, phase, command)


@router.post("/phases/{phase}/{step}/reconfirm", summary="Approve a stale document as it is")
def reconfirm(ask: Approver, phase: PhaseId, step: Step, words: Reconfirmation) -> Response:
    """Approve a text whose earlier approval was withdrawn by a change elsewhere, with a reason."""

    def command() -> ReconfirmDocument:
        return ReconfirmDocument(
            ask.meta(phase),
            phase,
            step,
            reason=words.reason,
            iteration=words.iteration,
            digest=words.digest,
            seen=_seen(ask, phase, step, words),
            meaning=words.meaning,
            forced=words.force,
            break_glass=words.break_glass,
        )

    return carried_out(ask, phase, command, occasion="approval", judged=step)


@router.post("/phases/{phase}/{step}/reopen", summary="Withdraw an approval")
def reopen(ask: Approver, phase: PhaseId, step: Step, words: Reason) -> Response:
    """Withdraw the approval of a step; every later drafted step becomes stale."""
    return carried_out(ask, phase, lambda: ReopenStep(ask.meta(phase), phase, step, words.reason))


def _seen(ask: Writing, phase: str, step: Step, words: Verdict) -> str | None:
    """Return the digest of what they looked at: what they say, or what is on disk here; that is a recorded text."""
    here = refuse_other_than_latest(ask.project, ask.command_id, phase, step)
    return words.seen or here

"""Decisions of those who judge a phase's texts: approve, reject, reconfirm."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain import hints
from domain.actors import Actor
from domain.document_events import DocumentApproved, DocumentReconfirmed, DocumentRejected, Meaning
from domain.documents import Document, Withdrawal
from domain.errors import (
    AlreadyJudged,
    NothingToJudge,
    NotReconfirmable,
    PolicyForbids,
    ReasonMissing,
    RequestExpired,
    VerdictIsStale,
)
from domain.judgement import Judgement, judge, ratify_by, refuse_bound, refuse_unknown_glass
from domain.phase_drafts import PhaseDrafts
from domain.policy_state import PolicyState
from domain.steps import Step, StepState
from domain.times import microseconds


class PhaseVerdicts(PhaseDrafts):
    """The part of a phase that takes verdicts. Every method decides, or refuses and leaves no event."""

    def approve(
        self,
        step: Step,
        *,
        iteration: int | None,
        digest: str | None,
        meaning: Meaning,
        comments: str,
        forced: bool,
        reason: str,
        policy: PolicyState,
        policy_version: int,
        by: Actor,
        at: datetime,
        automatic: bool = False,
        break_glass: bool = False,
        authentication: str = "",
    ) -> None:
        """Approve the latest iteration; iteration and digest, where given, must name it.

        An approval by force is under break-glass where the policy says for how long; others ratify it.
        """
        self.note_expiry(by=by, at=at)
        document = self._to_be_judged(step, iteration=iteration, digest=digest, by=by, at=at, expired_too=forced)
        refuse_bound(step, phase=self.state.phase, by=by, forced=forced, policy=policy)
        if document.broke_glass and forced:
            why = f"{document.broke_glass} broke the glass already; that is ratified under the whole policy"
            raise PolicyForbids(self.state.phase, step, why=why, command="")
        command = f"approve {self.state.phase} {step}"
        if break_glass:
            refuse_unknown_glass(step, phase=self.state.phase, command=command, policy=policy)
        self.refuse_gap_before(step)  # only imported texts can wait before their turn
        if forced and not reason.strip():
            raise _force_without_reason(f"{command}{_force(forced, break_glass)}")
        judgement = judge(document, step, phase=self.state.phase, command=command, by=by, forced=forced, policy=policy)
        if document.state is StepState.EXPIRED:
            judgement = judgement.also("request_expiry")
        self.happen(
            DocumentApproved,
            **_verdict(step, document, judgement, meaning=meaning, policy_version=policy_version),
            ratify_by=ratify_by(judgement, at=at, policy=policy),
            comments=comments,
            reason=reason,
            automatic=automatic,
            authentication=authentication,
            by=by,
            at=at,
        )

    def reject(
        self,
        step: Step,
        *,
        iteration: int | None,
        digest: str | None,
        feedback: Sequence[str],
        comments: str,
        policy_version: int,
        by: Actor,
        at: datetime,
        authentication: str = "",
    ) -> None:
        """Reject the latest iteration and say what must change."""
        self.note_expiry(by=by, at=at)
        document = self._to_be_judged(step, iteration=iteration, digest=digest, by=by, at=at)
        if not any(words.strip() for words in feedback):
            command = f"reject {self.state.phase} {step}"
            raise ReasonMissing("A rejection", command=command, option="--feedback", example="what must change")
        self.happen(
            DocumentRejected,
            step=step,
            iteration=document.iteration,
            digest=document.digest,
            policy_version=policy_version,
            feedback=tuple(feedback),
            comments=comments,
            authentication=authentication,
            by=by,
            at=at,
        )
        if document.broke_glass:  # later steps may rest on what was approved under break-glass
            self.mark_later_stale(step, of=Withdrawal.REJECTED, by=by, at=at)

    def reconfirm(
        self,
        step: Step,
        *,
        iteration: int | None,
        digest: str | None,
        meaning: Meaning,
        forced: bool,
        reason: str,
        policy: PolicyState,
        policy_version: int,
        by: Actor,
        at: datetime,
        break_glass: bool = False,
        authentication: str = "",
    ) -> None:
        """Approve a stale text as it is, or one whose approval was imported: a verdict under the full policy."""
        self.note_expiry(by=by, at=at)
        document = self._to_be_reconfirmed(step)
        refuse_bound(step, phase=self.state.phase, by=by, forced=forced, policy=policy)
        command = f"reconfirm {self.state.phase} {step}"
        if break_glass:
            refuse_unknown_glass(step, phase=self.state.phase, command=command, policy=policy)
        self._refuse_other_text(step, document, iteration=iteration, digest=digest)
        self._refuse_second_verdict(step, document, by)
        if not reason.strip():
            force = _force(forced, break_glass)
            raise ReasonMissing("Reconfirming", command=f"{command}{force}", example="why it still holds")
        judgement = judge(document, step, phase=self.state.phase, command=command, by=by, forced=forced, policy=policy)
        self.happen(
            DocumentReconfirmed,
            **_verdict(step, document, judgement, meaning=meaning, policy_version=policy_version),
            ratify_by=ratify_by(judgement, at=at, policy=policy),
            reason=reason,
            authentication=authentication,
            by=by,
            at=at,
        )

    def _to_be_judged(
        self,
        step: Step,
        *,
        iteration: int | None,
        digest: str | None,
        by: Actor,
        at: datetime,
        expired_too: bool = False,
    ) -> Document:
        self.refuse_when_archived()
        document = self.state.documents[step]
        if document.state is StepState.EXPIRED and not expired_too:
            lapsed = document.broke_glass if document.lapsed(microseconds(at)) else ""
            raise RequestExpired(self.state.phase, step, lapsed=lapsed)
        waits = document.state in (StepState.AWAITING_APPROVAL, StepState.EXPIRED) or document.ratify_by is not None
        if not waits:
            raise NothingToJudge(self.state.phase, step, state=document.state, fix=self.ways_out(step))
        self._refuse_other_text(step, document, iteration=iteration, digest=digest)
        self._refuse_second_verdict(step, document, by)
        return document

    def _to_be_reconfirmed(self, step: Step) -> Document:
        self.refuse_when_archived()
        phase, document = self.state.phase, self.state.documents[step]
        if document.state is StepState.APPROVED and document.claimed:
            self.refuse_gap_before(step)
            return document
        if document.state is not StepState.STALE:
            why = f"it is {document.state.replace('_', ' ')}, not stale"
            raise NotReconfirmable(phase, step, why=why, fix=(f"orch status {phase}",))
        if not document.was_approved:
            raise NotReconfirmable(phase, step, why="it had not been approved", fix=(hints.draft(phase, step),))
        self.refuse_gap_before(step)
        return document

    def _refuse_other_text(self, step: Step, document: Document, *, iteration: int | None, digest: str | None) -> None:
        if iteration is not None and iteration != document.iteration:
            judged, latest = f"iteration {iteration}", f"iteration {document.iteration}"
            raise VerdictIsStale(self.state.phase, step, judged=judged, latest=latest)
        if digest is not None and digest != document.digest:
            latest = f"{document.digest} (iteration {document.iteration})"
            raise VerdictIsStale(self.state.phase, step, judged=digest, latest=latest)

    def _refuse_second_verdict(self, step: Step, document: Document, by: Actor) -> None:
        if document.broke_glass == by.name or any(approval.by.name == by.name for approval in document.approvals):
            raise AlreadyJudged(self.state.phase, step, name=by.name, iteration=document.iteration)


def _force_without_reason(command: str) -> ReasonMissing:
    return ReasonMissing("Setting the policy aside", command=command, example="why the policy is set aside")


def _force(forced: bool, break_glass: bool) -> str:
    """Return the option of the command line that sets the policy aside so."""
    return " --break-glass" if break_glass else " --force" if forced else ""


def _verdict(
    step: Step, document: Document, judgement: Judgement, *, meaning: Meaning, policy_version: int
) -> dict[str, Any]:
    return {
        "step": step,
        "iteration": document.iteration,
        "digest": document.digest,
        "meaning": meaning,
        "policy_version": policy_version,
        "final": judgement.final,
        "self_approval": judgement.self_approval,
        "forced": bool(judgement.broke),
        "broke": judgement.broke,
    }

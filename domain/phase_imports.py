"""Decisions about what was done elsewhere: taken over as claims, in their order, without our rules of the workflow."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.actors import Actor
from domain.digest import digest_of, normalised
from domain.document_events import DocumentDrafted, Source
from domain.errors import StepAlreadyApproved, StepWrittenHere
from domain.import_claims import (
    BlockerThere,
    Claim,
    DependencyThere,
    TextThere,
    TitleThere,
    UnblockedThere,
    VerdictThere,
)
from domain.import_events import ClaimedOutcome, Imported, VerdictImported
from domain.importers import Importer
from domain.phase_events import Blocked, DependencyAdded, DependencyRemoved, Retitled, Unblocked
from domain.phase_tasks import PhaseTasks
from domain.policy_state import PolicyState
from domain.quality import quality_of
from domain.sections import fields_of_text
from domain.steps import Step, StepState
from domain.tasks import Listed
from domain.times import moment_of


class PhaseImports(PhaseTasks):
    """The part of a phase that takes over what was done elsewhere."""

    def take_over(
        self,
        claims: Sequence[Claim],
        *,
        importer: Importer,
        source: str,
        began_at: int | None,
        items: Sequence[str],
        blockers: Mapping[str, str],
        written_here: frozenset[Step],
        tasks: tuple[Listed, ...],
        path: str,
        left_out: Sequence[str],
        policy: PolicyState,
        by: Actor,
        at: datetime,
    ) -> None:
        """Record claims that are new. `blockers` says which number here each key of a blocker has.

        `written_here` names the steps whose latest text was not imported: those are not overtaken. `tasks` are those
        that the last of the tasks documents lists.
        """
        texts = [claim for claim in claims if isinstance(claim, TextThere)]
        for claim in texts:
            self._refuse_overtaking(claim.step, claim.read_from, written_here)
        self.happen(
            Imported,
            importer=importer,
            source=source,
            items=tuple(items),
            began_at=began_at,
            path=path,
            documents=tuple(f"{claim.step}: {claim.read_from}" for claim in texts),
            left_out=tuple(left_out),
            by=by,
            at=at,
        )
        last_tasks = next((text for text in reversed(texts) if text.step is Step.TASKS), None)
        for one in claims:
            when = at if one.at is None else moment_of(one.at)
            self._take(one, importer, blockers, policy, by=by, at=when)
            if one is last_tasks and (tasks or self.state.tasks.latest.tasks):
                self.number_tasks(tasks, by=by, at=when)
        asks = self.state.current
        waiting = asks is not None and self.state.documents[asks].state is StepState.AWAITING_APPROVAL
        if asks is not None and waiting and asks in {claim.step for claim in texts}:
            self._ask(asks, policy=policy, by=by, at=at)

    def _refuse_overtaking(self, step: Step, read_from: str, written_here: frozenset[Step]) -> None:
        document = self.state.documents[step]
        if document.state is StepState.APPROVED and not document.claimed:
            raise StepAlreadyApproved(self.state.phase, step)
        if step in written_here:
            raise StepWrittenHere(self.state.phase, step, read_from=read_from)

    def _take(
        self,
        claim: Claim,
        importer: Importer,
        blockers: Mapping[str, str],
        policy: PolicyState,
        *,
        by: Actor,
        at: datetime,
    ) -> None:
        who: dict[str, Any] = {"by": by, "at": at}
        match claim:
            case TextThere():
                self._take_text(claim, **who)
            case VerdictThere():
                self._take_verdict(claim, importer, policy, **who)
            case BlockerThere(key=key, kind=kind, description=description):
                self.happen(Blocked, blocker=blockers[key], type=kind, description=description, **who)
            case UnblockedThere(blocker=blocker, reason=reason):
                self.happen(Unblocked, blocker=blockers[blocker], reason=reason, **who)
            case DependencyThere(on=on, ends=ends):
                if ends is (on in self.state.depends_on):
                    self.happen(DependencyRemoved if ends else DependencyAdded, on=on, **who)
            case TitleThere(title=title):
                self.happen(Retitled, title=title, **who)

    def _take_text(self, claim: TextThere, *, by: Actor, at: datetime) -> None:
        document = self.state.documents[claim.step]
        text = normalised(claim.text)
        quality = quality_of(claim.step, fields_of_text(claim.step, text))
        self.happen(
            DocumentDrafted,
            step=claim.step,
            iteration=document.iteration + 1 if document.iteration else claim.iteration or 1,
            digest=digest_of(text, claim.step),
            source=Source.IMPORTED,
            template="",
            template_digest="",
            answers=document.feedback,
            fields={},
            text=text,
            quality=quality.score if quality else None,
            missing=quality.missing if quality else (),
            by=by,
            at=at,
        )

    def _take_verdict(
        self, claim: VerdictThere, importer: Importer, policy: PolicyState, *, by: Actor, at: datetime
    ) -> None:
        """Record a verdict of elsewhere. Brought by whom the policy lets approve nothing it settles nothing.

        That is so whichever way it went: it is told as somebody's, and a folder is as easily written as the text.
        """
        document = self.state.documents[claim.step]
        judged_here = document.state in (StepState.APPROVED, StepState.REJECTED) and not document.claimed
        untouched = document.state in (StepState.AWAITING_APPROVAL, StepState.EXPIRED) or document.claimed
        counts = claim.on_text and document.iteration > 0 and untouched and not judged_here and not document.approvals
        if claim.outcome is ClaimedOutcome.REJECTED and document.claimed:
            counts = counts and document.state is StepState.APPROVED
        counts = counts and not policy.binds(by)
        self.happen(
            VerdictImported,
            step=claim.step,
            iteration=claim.iteration,
            digest=document.digest if claim.on_text else "",
            outcome=claim.outcome,
            claimed_by=claim.by,
            importer=importer,
            counts=counts,
            comments=claim.comments,
            by=by,
            at=at,
        )

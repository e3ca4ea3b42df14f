"""Decisions about a phase's texts: draft, ask for a verdict, reopen."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from domain import hints
from domain.actors import Actor
from domain.aggregates import EventSourced
from domain.document_events import (
    ApprovalExpired,
    ApprovalRequested,
    DocumentDrafted,
    DocumentMarkedStale,
    Source,
    StepReopened,
)
from domain.documents import Document, Withdrawal
from domain.errors import (
    NothingChanged,
    NothingToJudge,
    PhaseArchived,
    ReasonMissing,
    StepAlreadyApproved,
    StepNotApproved,
    StepNotApprovedYet,
)
from domain.phase_state import PhaseState
from domain.policy_state import PolicyState
from domain.quality import Quality
from domain.steps import Step, StepState
from domain.task_events import TasksNumbered
from domain.tasks import Listed
from domain.times import microseconds


class PhaseDrafts(EventSourced):
    """The part of a phase that carries its texts. Every method decides, or refuses and leaves no event."""

    if TYPE_CHECKING:
        state: PhaseState

    def change(self, step: Step, **changes: Any) -> None:
        """Change the facts of one document; only events do this."""
        self.state = self.state.with_document(step, **changes)

    def may_draft(self, step: Step) -> Document:
        """Return the document that a draft of this step would follow, or refuse the draft."""
        self.refuse_when_archived()
        document = self.state.documents[step]
        if document.state is StepState.APPROVED:
            raise StepAlreadyApproved(self.state.phase, step)
        self.refuse_gap_before(step)
        return document

    def draft(
        self,
        step: Step,
        *,
        digest: str,
        text: str,
        fields: dict[str, Any],
        source: Source,
        template: str,
        template_digest: str,
        derived_from: Sequence[dict[str, Any]] = (),
        quality: Quality | None = None,
        policy: PolicyState,
        by: Actor,
        at: datetime,
        tasks: tuple[Listed, ...] = (),
    ) -> None:
        """Record the next iteration of a step's document and ask for a verdict on it; `tasks` are those it lists."""
        self.note_expiry(by=by, at=at)
        document = self.may_draft(step)
        # A reopened or stale text may turn out to be right: that is for the next verdict to say.
        given_back = document.state in (StepState.REOPENED, StepState.STALE)
        if source is Source.EDITED and digest == document.digest and not given_back:
            raise NothingChanged(
                f"{self.state.phase}: the file says what iteration {document.iteration} of {step} says.",
                fix=self.ways_out(step),
            )
        self.happen(
            DocumentDrafted,
            step=step,
            iteration=document.iteration + 1,
            digest=digest,
            source=source,
            template=template,
            template_digest=template_digest,
            answers=document.feedback,
            fields=fields,
            text=text,
            derived_from=tuple(derived_from),
            quality=quality.score if quality else None,
            missing=quality.missing if quality else (),
            by=by,
            at=at,
        )
        if document.broke_glass:  # what rests on the text that nobody ratified does not rest on this one
            self.mark_later_stale(step, of=Withdrawal.REDRAFTED, by=by, at=at)
        if tasks or (step is Step.TASKS and self.state.tasks.latest.tasks):
            self.number_tasks(tasks, by=by, at=at)
        self._ask(step, policy=policy, by=by, at=at)

    def number_tasks(self, tasks: tuple[Listed, ...], *, by: Actor, at: datetime) -> None:
        """Record which tasks the latest iteration of the tasks document lists."""
        iteration = self.state.documents[Step.TASKS].iteration
        self.happen(TasksNumbered, iteration=iteration, tasks=tasks, by=by, at=at)

    def request(self, step: Step, *, policy: PolicyState, by: Actor, at: datetime) -> None:
        """Ask (again) for a verdict on the latest iteration."""
        self.note_expiry(by=by, at=at)
        self.refuse_when_archived()
        document = self.state.documents[step]
        if document.state not in (StepState.AWAITING_APPROVAL, StepState.EXPIRED):
            raise NothingToJudge(self.state.phase, step, state=document.state, fix=self.ways_out(step))
        self._ask(step, policy=policy, by=by, at=at)

    def reopen(self, step: Step, *, reason: str, by: Actor, at: datetime) -> None:
        """Withdraw a step's approval; every later drafted step becomes stale, a handoff is withdrawn."""
        self.note_expiry(by=by, at=at)
        self.refuse_when_archived()
        document = self.state.documents[step]
        if document.state is not StepState.APPROVED:
            raise StepNotApprovedYet(self.state.phase, step, state=document.state, fix=self.ways_out(step))
        if not reason.strip():
            command = f"reopen {self.state.phase} {step}"
            raise ReasonMissing("Reopening", command=command, example="what has to change")
        self.happen(
            StepReopened,
            step=step,
            iteration=document.iteration,
            withdraws_handoff=bool(self.state.handed_off),
            reason=reason,
            by=by,
            at=at,
        )
        self.mark_later_stale(step, by=by, at=at)

    def mark_later_stale(self, step: Step, *, of: Withdrawal = Withdrawal.REOPENED, by: Actor, at: datetime) -> None:
        """Mark every later drafted step as stale; the cause is the latest event."""
        cause = self.version
        for later in step.later:
            resting = self.state.documents[later]
            # One that is stale already becomes so again where somebody reconfirmed it: that verdict is void now.
            if resting.state not in (StepState.NOT_STARTED, StepState.STALE) or resting.approvals:
                self.happen(
                    DocumentMarkedStale,
                    step=later,
                    because_step=step,
                    because_version=cause,
                    because_of=of,
                    by=by,
                    at=at,
                )

    def note_expiry(self, *, by: Actor, at: datetime) -> None:
        """Write down the requests that ran out since the last accepted command."""
        now = microseconds(at)
        for step, document in self.state.documents.items():
            if document.state_at(now) is StepState.EXPIRED and document.state is not StepState.EXPIRED:
                self.happen(ApprovalExpired, step=step, iteration=document.iteration, by=by, at=at)

    def refuse_when_archived(self) -> None:
        """Refuse every change of an archived phase."""
        if self.state.archived:
            raise PhaseArchived(self.state.phase)

    def refuse_gap_before(self, step: Step) -> None:
        """Refuse what needs a valid approval of every earlier step."""
        gap = self.state.gap_before(step)
        if gap is not None:
            missing = self.state.documents[gap]
            fix = hints.approval(self.state.phase, gap, missing, missing.state)
            raise StepNotApproved(self.state.phase, step, missing=gap, state=missing.state, fix=(fix,))

    def ways_out(self, step: Step) -> tuple[str, ...]:
        """Return the command that leads on from a step in which the wanted one is out of place."""
        if self.state.documents[step].state is StepState.APPROVED:
            return (f'orch reopen {self.state.phase} {step} --reason "what has to change"',)
        first = self.state.gap_before(step) or step
        document = self.state.documents[first]
        return (hints.approval(self.state.phase, first, document, document.state),)

    def _ask(self, step: Step, *, policy: PolicyState, by: Actor, at: datetime) -> None:
        seconds = policy.request_expiry_seconds
        expires_at = None if seconds is None else microseconds(at) + seconds * 1_000_000
        iteration = self.state.documents[step].iteration
        self.happen(ApprovalRequested, step=step, iteration=iteration, expires_at=expires_at, by=by, at=at)

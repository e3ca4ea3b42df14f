"""What can happen to the document of a step, and what each happening changes.

`apply` runs again on every replay: it changes facts and never judges.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from domain.documents import Approval, Withdrawal
from domain.events import DomainEvent
from domain.steps import Step, StepState

if TYPE_CHECKING:
    from domain.phase import Phase


class Source(StrEnum):
    """How a text came to be."""

    RENDERED = "rendered"
    EDITED = "edited"
    IMPORTED = "imported"


class Meaning(StrEnum):
    """What an approver's signature stands for (compare 21 CFR 11.50)."""

    APPROVAL = "approval"
    REVIEW = "review"
    RESPONSIBILITY = "responsibility"


class DocumentDrafted(DomainEvent):
    """The next iteration of a document. It voids the approvals of the one before and answers all open feedback."""

    TOPIC: ClassVar[str] = "phase.document_drafted"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("fields", "text")
    step: Step
    iteration: int
    digest: str
    source: Source
    template: str
    template_digest: str
    answers: tuple[int, ...]
    fields: dict[str, Any] | None
    text: str | None
    derived_from: tuple[dict[str, Any], ...] = ()
    """The iterations that lines of the text were derived from: step, iteration and digest of each."""
    quality: int | None = None
    """In percent; None where the step is not scored, and where the event is older than scores."""
    missing: tuple[str, ...] = ()
    """The required parts that are not there."""

    def apply(self, aggregate: "Phase") -> None:
        aggregate.change(
            self.step,
            state=StepState.AWAITING_APPROVAL,
            iteration=self.iteration,
            digest=self.digest,
            author=self.by,
            drafted=self.originator_version,
            expires_at=None,
            approvals=(),
            decided=0,
            feedback=(),
            was_approved=False,
            stale_because="",
            stale_since=0,
            stale_by=Withdrawal.REOPENED.value,
            claimed=False,
            ratify_by=None,
            broke_glass="",
            quality=self.quality,
            missing=self.missing,
        )


class ApprovalRequested(DomainEvent):
    TOPIC: ClassVar[str] = "phase.approval_requested"
    step: Step
    iteration: int
    expires_at: int | None
    """µs since the epoch; None: the request does not expire."""

    def apply(self, aggregate: "Phase") -> None:
        aggregate.change(self.step, state=StepState.AWAITING_APPROVAL, expires_at=self.expires_at)


class ApprovalExpired(DomainEvent):
    TOPIC: ClassVar[str] = "phase.approval_expired"
    step: Step
    iteration: int

    def apply(self, aggregate: "Phase") -> None:
        if aggregate.state.documents[self.step].ratify_by is None:
            aggregate.change(self.step, state=StepState.EXPIRED)
        else:  # nobody approved in time what was approved under break-glass; who broke it is not forgotten
            aggregate.change(self.step, state=StepState.EXPIRED, decided=0, ratify_by=None)


class DocumentApproved(DomainEvent):
    """A verdict on exactly one text; `final` when it was the last one that the policy asked for."""

    TOPIC: ClassVar[str] = "phase.document_approved"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("comments", "reason")
    step: Step
    iteration: int
    digest: str
    meaning: Meaning
    policy_version: int
    final: bool
    self_approval: bool
    forced: bool
    broke: tuple[str, ...]
    """The policy's rules that force set aside."""
    comments: str | None
    reason: str | None
    automatic: bool = False
    """A program gave it in the approver's name; nobody read the text at that moment."""
    ratify_by: int | None = None
    """Given under break-glass: it holds until then, µs since the epoch, or until others have approved the same text."""
    authentication: str = ""
    """How it was known who gave it, such as `token:0b8f3a52c1d2`; empty where the name is only claimed."""

    def apply(self, aggregate: "Phase") -> None:
        _count(aggregate, self)
        if self.final:
            aggregate.change(self.step, state=StepState.APPROVED, decided=self.originator_version, expires_at=None)
            aggregate.put_in_force(self.step, self.iteration)


def _count(aggregate: "Phase", verdict: "DocumentApproved | DocumentReconfirmed") -> None:
    """Count an approval; one under break-glass holds for a time, and counts for nothing once others approve."""
    if verdict.ratify_by is not None:
        aggregate.change(verdict.step, ratify_by=verdict.ratify_by, broke_glass=verdict.by.name)
        return
    approvals = (*aggregate.state.documents[verdict.step].approvals, Approval(verdict.by, verdict.originator_version))
    aggregate.change(verdict.step, approvals=approvals)
    if verdict.final:
        aggregate.change(verdict.step, ratify_by=None, broke_glass="")


class DocumentRejected(DomainEvent):
    TOPIC: ClassVar[str] = "phase.document_rejected"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("feedback", "comments")
    step: Step
    iteration: int
    digest: str
    policy_version: int
    feedback: tuple[str, ...] | None
    comments: str | None
    authentication: str = ""
    """As of an approval."""

    def apply(self, aggregate: "Phase") -> None:
        feedback = (*aggregate.state.documents[self.step].feedback, self.originator_version)
        aggregate.change(
            self.step,
            state=StepState.REJECTED,
            decided=self.originator_version,
            feedback=feedback,
            expires_at=None,
            ratify_by=None,
            broke_glass="",
        )


class StepReopened(DomainEvent):
    TOPIC: ClassVar[str] = "phase.step_reopened"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    step: Step
    iteration: int
    withdraws_handoff: bool
    reason: str | None

    def apply(self, aggregate: "Phase") -> None:
        aggregate.change(
            self.step,
            state=StepState.REOPENED,
            approvals=(),
            decided=0,
            feedback=(self.originator_version,),
            claimed=False,
            ratify_by=None,
            broke_glass="",
        )
        if self.withdraws_handoff:
            aggregate.state = aggregate.state._replace(handed_off=0)


class DocumentMarkedStale(DomainEvent):
    TOPIC: ClassVar[str] = "phase.document_marked_stale"
    step: Step
    because_step: Step
    because_version: int
    because_of: Withdrawal = Withdrawal.REOPENED

    def apply(self, aggregate: "Phase") -> None:
        document = aggregate.state.documents[self.step]
        was_approved = document.state is StepState.APPROVED or document.was_approved
        aggregate.change(
            self.step,
            state=StepState.STALE,
            approvals=(),
            expires_at=None,
            was_approved=was_approved,
            stale_because=self.because_step.value,
            stale_since=self.because_version,
            stale_by=self.because_of.value,
            claimed=False,
            ratify_by=None,
            broke_glass="",
        )


class DocumentReconfirmed(DomainEvent):
    """A verdict that a stale text still holds as it is, or that an imported approval does."""

    TOPIC: ClassVar[str] = "phase.document_reconfirmed"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    step: Step
    iteration: int
    digest: str
    meaning: Meaning
    policy_version: int
    final: bool
    self_approval: bool
    forced: bool
    broke: tuple[str, ...]
    reason: str | None
    ratify_by: int | None = None
    """As of an approval."""
    authentication: str = ""
    """As of an approval."""

    def apply(self, aggregate: "Phase") -> None:
        _count(aggregate, self)
        if self.final:
            aggregate.change(
                self.step,
                state=StepState.APPROVED,
                decided=self.originator_version,
                was_approved=False,
                stale_because="",
                stale_since=0,
                stale_by=Withdrawal.REOPENED.value,
                claimed=False,
            )
            aggregate.put_in_force(self.step, self.iteration)

"""What an import records of the work done elsewhere: where it came from, and the verdicts it claims.

`apply` runs again on every replay: it changes facts and never judges.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from domain.events import DomainEvent
from domain.importers import Importer
from domain.steps import Step, StepState

if TYPE_CHECKING:
    from domain.phase import Phase


class ClaimedOutcome(StrEnum):
    """What a verdict of elsewhere is said to have decided."""

    APPROVED = "approved"
    REJECTED = "rejected"


class Imported(DomainEvent):
    """The events after this one in the same command were claimed elsewhere; whoever imported them is `by`."""

    TOPIC: ClassVar[str] = "phase.imported"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("path", "documents", "left_out")
    importer: Importer
    source: str
    """`sha256:` and the hex digest of the place in the layout, such as `specs/001-albums`: one phase, one place."""
    items: tuple[str, ...]
    """What was taken over, a key each; a blocker's key with the number it has here: `KEY=B1`."""
    began_at: int | None
    """When the work is said to have begun there, µs since the epoch."""
    path: str | None
    documents: tuple[str, ...] | None
    """Which file each text was read from."""
    left_out: tuple[str, ...] | None

    def apply(self, aggregate: "Phase") -> None:
        """Nothing changes by this alone."""


class VerdictImported(DomainEvent):
    """A verdict that was given elsewhere, as its records claim. Our policy has not judged it."""

    TOPIC: ClassVar[str] = "phase.verdict_imported"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("comments",)
    step: Step
    iteration: int
    """As it was counted there."""
    digest: str
    """Of the text here that it is about; empty where nobody kept the text."""
    outcome: ClaimedOutcome
    claimed_by: str
    """The name in the records; empty where they have none."""
    importer: Importer
    counts: bool
    """It settles the step here until somebody judges the text; false for what is only history."""
    comments: str | None

    def apply(self, aggregate: "Phase") -> None:
        if not self.counts:
            return
        if self.outcome is ClaimedOutcome.APPROVED:
            aggregate.change(
                self.step,
                state=StepState.APPROVED,
                decided=self.originator_version,
                approvals=(),
                expires_at=None,
                claimed=True,
            )
            aggregate.put_in_force(self.step, aggregate.state.documents[self.step].iteration)
        else:
            feedback = (*aggregate.state.documents[self.step].feedback, self.originator_version)
            aggregate.change(
                self.step,
                state=StepState.REJECTED,
                decided=self.originator_version,
                feedback=feedback,
                expires_at=None,
                claimed=True,
            )

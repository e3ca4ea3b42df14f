"""How far a run through the steps of a phase came, as it is answered."""

from typing import TypedDict

from domain.steps import Step, StepState
from usecases.receipts import ReceiptAfter
from usecases.signing import SignedAfter


class Gate(TypedDict):
    """Where the run stopped and why; `code` is that of a refusal, None where somebody's approval is awaited."""

    step: Step
    code: str | None
    message: str
    fix: list[str]


class WorkflowRow(TypedDict):
    """Where a step stands after the run; `drafted` and `approved` are the positions this run recorded."""

    step: Step
    state: StepState
    iteration: int
    digest: str | None
    drafted: int | None
    approved: int | None
    checkpoint: SignedAfter | None
    receipt: ReceiptAfter | None


class WorkflowAnswer(TypedDict):
    """How far a run came: `complete` once every step is approved, otherwise `waits_for` says what is missing."""

    phase: str
    complete: bool
    waits_for: Gate | None
    rows: list[WorkflowRow]

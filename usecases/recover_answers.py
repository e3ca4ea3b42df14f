"""The shapes of what recoveries answer with `--json`."""

from typing import Literal, TypedDict

from domain.steps import Step, StepState
from projections.moments import AsOf
from projections.recovery_loss import Loss, PhaseLoss
from projections.undone_revocations import UndoneRevocation
from projections.verification import HeldCheckpoint, Problem, Verdict


class RecoverySource(TypedDict):
    """Where the events come from, and how many there are."""

    kind: Literal["store", "backup"]
    where: str
    origin: str
    size: int


class PrefixOf(TypedDict):
    """The log that the recovered one is a prefix of, where its root at that size agrees."""

    where: str
    origin: str
    size: int
    agrees: bool


class RecoveryVerification(TypedDict):
    """The verification of a recovered store. `state` is the digest of every head; roots are hex RFC 6962."""

    verdict: Verdict
    store: str
    origin: str
    size: int
    root: str
    state: str
    events: int
    payloads: int
    erased: int
    redacted_later: list[int]
    texts_lost: list[int]
    prefix_of: PrefixOf | None
    checkpoints: list[HeldCheckpoint]
    first_problem: Problem | None
    problems: list[Problem]
    problem_counts: dict[str, int]
    not_proved: list[str]


class Resolution(TypedDict):
    """What T is in the log. `splits_command`: only a part of the command at that position lies before it."""

    to: str
    as_of: AsOf
    splits_command: bool
    source: RecoverySource


class RecoveryAnswer(Resolution):
    """A store as it was at a moment, verified. What was revoked after it, and is in force again, is told.

    `place` is how it is named where the next commands are typed; one that a service made lies on its machine, and where
    its store is outside of its project the word `state_dir` stands for the folder that this setting names.
    """

    out: str
    place: str
    documents: list[str]
    undone_revocations: list[UndoneRevocation]
    verification: RecoveryVerification


class DocumentThen(TypedDict):
    """A document as it was at a moment; `file` is its name in the new folder, None where the text was erased."""

    step: Step
    iteration: int
    state: StepState
    digest: str
    file: str | None


class DocumentsAnswer(Resolution):
    """The documents of one phase as they were at a moment, written to a folder."""

    phase: str
    out: str
    documents: list[DocumentThen]


class SourceState(TypedDict):
    """A place that holds events; `problem` says why it cannot be used for this moment."""

    kind: Literal["store", "backup"]
    where: str
    size: int
    usable: bool
    problem: str | None


class PlanAnswer(Resolution):
    """What a recovery would do; `seconds` is an estimate from a part of it that was tried."""

    sources: list[SourceState]
    checkpoints: list[str]
    lost: Loss
    seconds: float


class LossAnswer(Resolution):
    """What each phase would lose by going back; phases that would lose nothing have no row."""

    rows: list[PhaseLoss]

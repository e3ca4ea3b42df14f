"""The answers that the command line and the HTTP service share, as types."""

from typing import TypedDict

from projections.access_tokens import TokenRow
from projections.audit_trail import TrailRow
from projections.coverage import Coverage
from projections.dashboard import Dashboard
from projections.document_text import DocumentText
from projections.history import HistoryRow
from projections.moments import AsOf
from projections.next_steps import NextStep
from projections.outcomes import Outcome, PolicyRules
from projections.phase_list import PhaseRow
from projections.phase_status import PhaseStatus
from projections.progress import PhaseProgress, ProjectProgress, SpanRow
from projections.restore_points import PointRow
from projections.reviews import ReviewRow, Span
from projections.state_diff import StateDiff
from projections.task_list import PhaseTasks, TaskRow
from projections.text_diff import TextDiff
from projections.why import Why
from usecases.receipts import ReceiptAfter
from usecases.signing import SignedAfter


class StatusAnswer(PhaseStatus):
    """Where a phase stands; `checkpoint` tells how much of the log as it is now no checkpoint covers."""

    checkpoint: Coverage
    as_of: AsOf


class ListAnswer(TypedDict):
    """All phases, a row each."""

    rows: list[PhaseRow]
    as_of: AsOf


class TaskListAnswer(TypedDict):
    """Tasks in the order of their documents, and how far each phase is with all of its own."""

    rows: list[TaskRow]
    phases: list[PhaseTasks]
    as_of: AsOf


class HistoryAnswer(TypedDict):
    """What happened, a row for each event, in the order of the log."""

    rows: list[HistoryRow]
    as_of: AsOf


class WhyAnswer(Why):
    """What a step or the handoff still needs; nothing is missing when nothing blocks."""

    as_of: AsOf


class NextAnswer(TypedDict):
    """What can be done now, the most urgent first; `left_out` says how many more there are."""

    rows: list[NextStep]
    left_out: int
    as_of: AsOf


class DashboardAnswer(Dashboard):
    """The whole project at a glance; `document` is the file that was written, where one was asked for."""

    document: str | None
    as_of: AsOf


class ProgressAnswer(ProjectProgress):
    """How far the project is; the times are those of the phases in the rows."""

    as_of: AsOf


class PhaseProgressAnswer(PhaseProgress):
    """How far one phase is, with every stretch of time it has spent somewhere."""

    spans: list[SpanRow]
    as_of: AsOf


class DocumentAnswer(DocumentText):
    """The recorded text of one iteration; None once it was erased."""

    as_of: AsOf


class OutcomeAnswer(Outcome):
    """What a command recorded; `document` is the file that holds the text, `checkpoint` what was signed after it.

    `receipt` is the proof of an approval beside its document, where the settings ask for one.
    """

    document: str | None
    checkpoint: SignedAfter | None
    receipt: ReceiptAfter | None


class PolicyAnswer(PolicyRules):
    """The rules in force, who holds which role, and the version that verdicts record."""

    version: int
    members: dict[str, list[str]]


class RoleRow(TypedDict):
    """A role: who holds it, and the steps whose approvers must."""

    role: str
    holders: list[str]
    steps: list[str]


class RoleListAnswer(TypedDict):
    """All roles that somebody holds or a step asks for, and the version of the policy."""

    rows: list[RoleRow]
    version: int


class TokenListAnswer(TypedDict):
    """The tokens of the service, in the order they were issued."""

    rows: list[TokenRow]
    as_of: AsOf


class TokenCreatedAnswer(OutcomeAnswer):
    """A token that was issued; `secret` is told this once, and None where the command is repeated."""

    secret: str | None


class TrailAnswer(TypedDict):
    """Every event that passes the filters; `more` when the limit left some out."""

    rows: list[TrailRow]
    more: bool
    as_of: AsOf


class DiffAnswer(TextDiff):
    """What changed between two iterations."""

    as_of: AsOf


class StateDiffAnswer(StateDiff):
    """What changed in a phase between two moments."""

    as_of: AsOf


class ReviewsAnswer(TypedDict):
    """Every review, and the positions that no review which still holds covers."""

    rows: list[ReviewRow]
    unreviewed: list[Span]
    as_of: AsOf


class PointsAnswer(TypedDict):
    """The restore points, in the order of the positions they name."""

    rows: list[PointRow]
    as_of: AsOf

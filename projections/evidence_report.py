"""What the report of an evidence package shows: what happened, the documents with their verdicts, what stands out."""

from typing import NamedTuple, TypedDict, TypeVar

from domain.event_log import Record
from domain.events import DomainEvent
from domain.phase_events import Opened, Retitled
from domain.phase_ids import title_from
from domain.policy import PolicyChanged, RoleGranted, RoleRevoked
from projections.audit_exceptions import ExceptionRow, audit_exceptions
from projections.audit_trail import TrailRow
from projections.evidence_documents import DocumentLine, TextState
from projections.places import ERASED
from projections.sayings import policy_in_words
from projections.verdict_topics import OUTCOMES

MOST = 5_000
"""Rows of each section: more are in the CSV, and no browser shows a million."""
T = TypeVar("T")


class EventRow(NamedTuple):
    """One event, and what became of its text."""

    row: TrailRow
    text: TextState
    selected: bool
    """False for what a package holds beside what was asked for: keys, policies, erasures."""


class ExceptionShown(NamedTuple):
    exception: ExceptionRow
    text: TextState


class PolicyRow(NamedTuple):
    """One change of the policy: the rules from then on."""

    version: int
    rules: str
    event: EventRow


class PhaseShown(TypedDict):
    """The documents of one phase."""

    phase: str
    title: str
    documents: list[DocumentLine]


class EvidenceReport:
    """Collects the sections; what goes beyond their limit is counted and left out."""

    def __init__(self) -> None:
        self.timeline: list[EventRow] = []
        self.exceptions: list[ExceptionShown] = []
        self.policies: list[PolicyRow] = []
        self.verdicts: dict[int, EventRow] = {}
        self._phases: dict[str, PhaseShown] = {}
        self.left_out = {"timeline": 0, "exceptions": 0, "policies": 0, "documents": 0}
        self._documents = 0

    def take(self, record: Record, event: DomainEvent, shown: EventRow) -> None:
        """Take one event of the package, in the order of the log."""
        self._keep("timeline", self.timeline, shown)
        for exception in audit_exceptions([shown.row]):
            self._keep("exceptions", self.exceptions, ExceptionShown(exception, shown.text))
        match event:
            case PolicyChanged():
                row = PolicyRow(record.version, policy_in_words(event.says()), shown)
                self._keep("policies", self.policies, row)
            case RoleGranted() | RoleRevoked():
                self._keep("policies", self.policies, PolicyRow(record.version, shown.row["summary"], shown))
            case Opened(title=title) | Retitled(title=title):
                phase = shown.row["phase"] or ""
                if phase in self._phases or len(self._phases) < MOST:
                    self._phase(phase)["title"] = title or title_from(phase)
            case _:
                pass
        if record.topic in OUTCOMES and len(self.verdicts) < MOST:
            self.verdicts[record.position] = shown

    def take_document(self, line: DocumentLine) -> None:
        """Take an iteration with all its verdicts."""
        if self._documents == MOST:
            self.left_out["documents"] += 1
            return
        self._documents += 1
        self._phase(line["phase"])["documents"].append(line)

    def phases(self) -> list[PhaseShown]:
        """Return the phases that have documents, by name, their documents in the order of the log."""
        found = [phase for phase in self._phases.values() if phase["documents"]]
        for phase in found:
            phase["documents"].sort(key=lambda line: line["position"])
        return sorted(found, key=lambda phase: phase["phase"])

    def _phase(self, phase: str) -> PhaseShown:
        if phase not in self._phases:
            self._phases[phase] = {"phase": phase, "title": title_from(phase), "documents": []}
        return self._phases[phase]

    def _keep(self, section: str, rows: list[T], row: T) -> None:
        if len(rows) < MOST:
            rows.append(row)
        else:
            self.left_out[section] += 1


def without_text(row: TrailRow, text: TextState) -> TrailRow:
    """Return the row of an event whose text was left out of the package: nobody erased it."""
    if text != "withheld":
        return row
    return {**row, "summary": row["summary"].replace(ERASED, "[withheld]")}

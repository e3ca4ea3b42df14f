"""The documents of an evidence package: a line for each iteration, with the verdicts on it."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Literal, TypeAlias, TypedDict

from domain.document_events import DocumentApproved, DocumentDrafted, DocumentReconfirmed, DocumentRejected, Meaning
from domain.event_log import Record
from domain.events import DomainEvent
from domain.phase_ids import phase_of
from domain.steps import Step
from domain.times import rfc3339
from projections.people import Person, person
from projections.verdict_topics import OUTCOMES, VerdictOutcome

TextState: TypeAlias = Literal["none", "here", "withheld", "redacted", "missing"]
"""What became of the free text of an event: there never was one, it is in the package, it was left out of the package,
it was erased and the log says so, it is gone and the log does not say why."""


class VerdictLine(TypedDict):
    """One verdict on one iteration."""

    position: int
    recorded_at: str
    outcome: VerdictOutcome
    by: Person
    meaning: Meaning | None
    final: bool | None
    digest: str


class DocumentLine(TypedDict):
    """One iteration of a document; `file`, `bytes` and `sha256` are None where its text is not in the package."""

    phase: str
    step: Step
    iteration: int
    digest: str
    position: int
    recorded_at: str
    author: Person
    text: TextState
    file: str | None
    bytes: int | None
    sha256: str | None
    verdicts: list[VerdictLine]


class EvidenceDocuments:
    """Collects verdicts until an iteration is superseded; holds one iteration of each step, and no more."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, Step], DocumentLine] = {}
        self.iterations = self.verdicts = 0

    def take(self, record: Record, event: DomainEvent, text: TextState) -> Iterator[DocumentLine]:
        """Yield the iteration that this event supersedes."""
        phase = phase_of(record.stream)
        if phase is None:
            return
        match event:
            case DocumentDrafted(step=step):
                before = self._open.pop((phase, step), None)
                self._open[phase, step] = _line(phase, record, event, text)
                self.iterations += 1
                if before is not None:
                    yield before
            case DocumentApproved(step=step) | DocumentReconfirmed(step=step) | DocumentRejected(step=step):
                self.verdicts += 1
                judged = self._open.get((phase, step))
                if judged is not None:  # else it was drafted outside of the range
                    judged["verdicts"].append(_verdict(record, event))
            case _:
                pass

    def rest(self) -> Iterator[DocumentLine]:
        """Yield the iterations that nothing superseded, in the order of the log."""
        yield from sorted(self._open.values(), key=lambda line: line["position"])


def file_of(phase: str, step: Step, iteration: int) -> str:
    """Return the name of an iteration's file in the package."""
    return f"documents/{phase}/{step}-{iteration}.md"


def _line(phase: str, record: Record, event: DocumentDrafted, text: TextState) -> DocumentLine:
    raw = event.text.encode() if text == "here" and event.text is not None else None
    return {
        "phase": phase,
        "step": event.step,
        "iteration": event.iteration,
        "digest": event.digest,
        "position": record.position,
        "recorded_at": rfc3339(record.recorded_at),
        "author": person(event.by),
        "text": text,
        "file": None if raw is None else file_of(phase, event.step, event.iteration),
        "bytes": None if raw is None else len(raw),
        "sha256": None if raw is None else sha256(raw).hexdigest(),
        "verdicts": [],
    }


def _verdict(record: Record, event: DocumentApproved | DocumentReconfirmed | DocumentRejected) -> VerdictLine:
    meaning, final = (None, None) if isinstance(event, DocumentRejected) else (event.meaning, event.final)
    return {
        "position": record.position,
        "recorded_at": rfc3339(record.recorded_at),
        "outcome": OUTCOMES[record.topic],
        "by": person(event.by),
        "meaning": meaning,
        "final": final,
        "digest": event.digest,
    }

"""What happened: a row for each event, in the order of the log."""

from collections.abc import Iterable, Iterator
from typing import TypedDict

from domain.document_events import Meaning
from domain.event_log import Record
from domain.events import DomainEvent
from domain.importers import Importer
from domain.phase_ids import phase_of
from domain.steps import Step
from domain.times import microseconds, rfc3339
from projections.imports import Imports
from projections.people import Person, person
from projections.redactions import NONE, ErasedBy, Redactions
from projections.sayings import saying


class HistoryRow(TypedDict):
    """One event. `skew_us` is the recorded time minus what the store's clock said, in µs."""

    position: int
    recorded_at: str
    clock: str
    skew_us: int
    occurred_at: str
    topic: str
    stream: str
    version: int
    phase: str | None
    step: Step | None
    iteration: int | None
    digest: str | None
    actor: Person
    summary: str
    reason: str | None
    comments: str | None
    feedback: list[str]
    meaning: Meaning | None
    final: bool | None
    self_approval: bool
    automatic: bool
    """A program gave the verdict in the actor's name."""
    forced: bool
    broke: list[str]
    ratify_by: str | None
    """Until when an approval under break-glass holds, unless others approve the same text."""
    policy_version: int | None
    authentication: str | None
    """How it was known who gave the verdict, such as `token:0b8f3a52c1d2`; None where the name is only claimed."""
    imported: Importer | None
    """Whose folder claims this; nobody did it here. `occurred_at` is when it is said to have happened."""
    erased: bool
    erased_by: ErasedBy | None
    """None where the text is there, or where no redaction accounts for its absence."""
    command_id: str


def history(
    happenings: Iterable[tuple[Record, DomainEvent]], redactions: Redactions = NONE, imports: Imports | None = None
) -> Iterator[HistoryRow]:
    """Yield a row for each event. Raises `UnknownEvent` instead of leaving one out.

    Who asks for one row at a time gives the same `imports` each time: it remembers which command is an import.
    """
    imports = imports or Imports()
    for record, event in happenings:
        said = saying(event)
        erased = is_erased(event)
        yield {
            "position": record.position,
            "recorded_at": rfc3339(record.recorded_at),
            "clock": rfc3339(record.clock),
            "skew_us": record.recorded_at - record.clock,
            "occurred_at": rfc3339(microseconds(event.timestamp)),
            "topic": record.topic,
            "stream": record.stream,
            "version": record.version,
            "phase": phase_of(record.stream),
            "step": said.step,
            "iteration": said.iteration,
            "digest": said.digest,
            "actor": person(event.by),
            "summary": said.summary,
            "reason": said.reason,
            "comments": said.comments,
            "feedback": list(said.feedback),
            "meaning": said.meaning,
            "final": said.final,
            "self_approval": said.self_approval,
            "automatic": said.automatic,
            "forced": said.forced,
            "broke": list(said.broke),
            "ratify_by": said.ratify_by,
            "policy_version": said.policy_version,
            "authentication": said.authentication,
            "imported": imports.importer_of(record, event),
            "erased": erased,
            "erased_by": redactions.get(record.position) if erased else None,
            "command_id": record.command_id,
        }


def is_erased(event: DomainEvent) -> bool:
    """Tell whether the free text that an event was written with is gone."""
    return bool(event.PAYLOAD) and all(getattr(event, name) is None for name in event.PAYLOAD)

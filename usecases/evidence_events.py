"""Which events an evidence package holds, and what becomes of their texts."""

from collections.abc import Iterator
from heapq import merge
from typing import NamedTuple

from adapters.envelope import envelope_of
from domain.event_log import EventLog, Record
from domain.phase_ids import stream_of
from projections.evidence_documents import TextState

FRAME = ("project", "policy", "ledger")
"""Streams that every package holds whole: without them nobody could tell whose key signed, which policy was in force
and which texts were erased."""
REDACTED = "ledger.payload_redacted"


class Selection(NamedTuple):
    """What a package is about."""

    phase: str | None
    first: int
    last: int
    withhold: bool = False
    """Leave out all free text."""
    withhold_phases: tuple[str, ...] = ()

    def has(self, record: Record) -> bool:
        """Tell whether an event was asked for."""
        return self.first <= record.position <= self.last and (
            self.phase is None or record.stream == stream_of(self.phase)
        )

    def withholds(self, record: Record) -> bool:
        """Tell whether the free text of an event stays out."""
        return self.withhold or record.stream in self._streams

    @property
    def _streams(self) -> list[str]:
        return [stream_of(phase) for phase in self.withhold_phases]


class Packed(NamedTuple):
    """One event of the package, its text stripped where it is withheld."""

    record: Record
    text: TextState
    selected: bool


class PackedEvents:
    """The events of one package, read from the log as often as they are needed."""

    def __init__(self, log: EventLog, selection: Selection, *, size: int) -> None:
        self._log, self._selection, self._size = log, selection, size
        self._redacted = frozenset(self._redactions())

    def records(self) -> Iterator[Record]:
        """Yield whole streams in the order of the log: a fold needs what came before the range."""
        size, chosen = self._size, self._selection
        if chosen.phase is None:
            yield from self._log.records(1, chosen.last)
            later = [self._log.stream(stream, upto=size) for stream in FRAME]
            yield from (r for r in merge(*later, key=_position) if r.position > chosen.last)
            return
        streams = [self._log.stream(stream_of(chosen.phase), upto=chosen.last)]
        streams += [self._log.stream(stream, upto=size) for stream in FRAME]
        yield from merge(*streams, key=_position)

    def total(self) -> int:
        """Return about how many records there are to read, for a progress bar."""
        chosen = self._selection
        if chosen.phase is None:
            return chosen.last
        return self._log.heads([stream_of(chosen.phase)])[1][stream_of(chosen.phase)].version

    def _redactions(self) -> Iterator[int]:
        for record in self._log.stream("ledger", upto=self._size):
            if record.topic == REDACTED:
                yield envelope_of(record)["facts"]["position"]

    def packed(self, record: Record) -> Packed | None:
        """Return what the package holds of an event, or None for one that stays out."""
        selected = self._selection.has(record)
        if not selected and record.stream not in FRAME:
            return None
        text: TextState = "here"
        if envelope_of(record)["payload"] is None:
            text = "none"
        elif record.payload is None:
            text = "redacted" if record.position in self._redacted else "missing"
        elif self._selection.withholds(record):
            text, record = "withheld", record._replace(salt=None, payload=None)
        return Packed(record, text, selected)


def _position(record: Record) -> int:
    return record.position

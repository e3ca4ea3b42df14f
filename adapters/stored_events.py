"""What has to be kept of an event to write its row again: the line of the store, the envelope, the free text."""

from typing import Any, NamedTuple

from adapters.envelope import COLUMNS, entry_of, envelope_in
from domain.event_log import Record
from domain.merkle import leaf_hash


class StoredEvent(NamedTuple):
    """One event of a log without what follows from it; its position is its place in the sequence."""

    recorded_at: int
    clock: int
    envelope: bytes
    salt: bytes | None
    payload: bytes | None


def stored(record: Record) -> StoredEvent:
    """Return what a row holds, without the columns that can be made anew."""
    return StoredEvent(record.recorded_at, record.clock, record.envelope, record.salt, record.payload)


def restored(position: int, event: StoredEvent) -> tuple[Record, dict[str, Any]]:
    """Return the row anew, its columns from the envelope and its leaf from the bytes, and the envelope opened.

    Raises `Damaged` for an envelope that is none, `UnknownEvent` for a newer one.
    """
    recorded_at, clock, raw, salt, payload = event
    envelope = envelope_in(raw, position)
    stream, version, topic, command_id = (envelope[name] for name in COLUMNS)
    leaf = leaf_hash(entry_of(position, recorded_at, clock, raw))
    row = Record(position, recorded_at, clock, stream, version, topic, command_id, raw, salt, payload, leaf)
    return row, envelope

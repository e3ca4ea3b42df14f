"""What has to be kept of an event to write its row again: the line of the store, the envelope, the free text."""

from hashlib import sha256
from operator import itemgetter
from typing import Any, NamedTuple

from adapters.envelope import COLUMNS, envelope_in
from domain.event_log import Record

_columns = itemgetter(*COLUMNS)
_new = tuple.__new__


class StoredEvent(NamedTuple):
    """One event of a log without what follows from it; its position is its place in the sequence."""

    recorded_at: int
    clock: int
    envelope: bytes
    salt: bytes | None
    payload: bytes | None


def stored(record: Record) -> StoredEvent:
    """Return what a row holds, without the columns that can be made anew."""
    return _new(StoredEvent, (record[1], record[2], record[7], record[8], record[9]))  # as its fields stand


def restored(position: int, event: StoredEvent) -> tuple[Record, dict[str, Any]]:
    """Return the row anew, its columns from the envelope and its leaf from the bytes, and the envelope opened.

    Raises `Damaged` for an envelope that is none, `UnknownEvent` for a newer one.
    """
    recorded_at, clock, raw, salt, payload = event
    envelope = envelope_in(raw, position)
    stream, version, topic, command_id = _columns(envelope)
    leaf = sha256(b"\x00%d %d %d\n%b" % (position, recorded_at, clock, raw)).digest()  # a call less for each event
    row = (position, recorded_at, clock, stream, version, topic, command_id, raw, salt, payload, leaf)
    return _new(Record, row), envelope

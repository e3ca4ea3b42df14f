"""A segment of a backup as plain bytes: consecutive events, each with its length before it (docs/backup-format.md)."""

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from adapters.envelope import entry_of
from adapters.stored_events import StoredEvent
from domain.errors import Damaged
from domain.merkle import leaf_hash

MAGIC = b"orch segment 1\n"
"""What every segment begins with; another version has another number."""
HEAD = struct.Struct(">II")
"""The bytes that follow the first number; the bytes of the entry."""
LONGEST_SALT = 255


class Entry(NamedTuple):
    """One record of a segment: what the tree holds of the event, and all that has to be kept of it."""

    leaf: bytes
    event: StoredEvent


def plain_segment(first: int, events: Iterable[StoredEvent]) -> bytes:
    """Return the bytes of a segment whose first event has that position."""
    parts = [MAGIC]
    for position, event in enumerate(events, first):
        parts.append(record_of(position, event))
    return b"".join(parts)


def record_of(position: int, event: StoredEvent) -> bytes:
    """Return one record: lengths, the entry of the tree, the length of the salt, the salt, the payload."""
    entry = entry_of(position, event.recorded_at, event.clock, event.envelope)
    salt, payload = event.salt or b"", event.payload or b""
    if (event.payload is None) != (not salt) or len(salt) > LONGEST_SALT:
        raise Damaged(f"Position {position} has a salt of {len(salt)} bytes beside its text.", fix=("orch doctor",))
    size = 4 + len(entry) + 1 + len(salt) + len(payload)
    return b"".join((HEAD.pack(size, len(entry)), entry, bytes((len(salt),)), salt, payload))


def entries_in(plain: bytes, first: int, last: int) -> Iterator[Entry]:
    """Yield the records of a segment that holds exactly these positions. Raises `Damaged` for anything else."""
    if plain[: len(MAGIC)] != MAGIC:
        raise Damaged("This is not a segment that this version can read: its first line is another.")
    at = len(MAGIC)
    for position in range(first, last + 1):
        try:
            size, length = HEAD.unpack_from(plain, at)
        except struct.error:
            raise Damaged(f"The segment ends before position {position}.") from None
        end, salt_at = at + 4 + size, at + HEAD.size + length
        if end > len(plain) or salt_at >= end:
            raise _senseless(position)
        entry = plain[at + HEAD.size : salt_at]
        recorded_at, clock, envelope = _parts(entry, position)
        text_at = salt_at + 1 + plain[salt_at]
        if text_at == salt_at + 1 == end:
            event = StoredEvent(recorded_at, clock, envelope, None, None)
        elif salt_at + 1 < text_at <= end:
            event = StoredEvent(recorded_at, clock, envelope, plain[salt_at + 1 : text_at], plain[text_at:end])
        else:
            raise _senseless(position)
        yield Entry(leaf_hash(entry), event)
        at = end
    if at != len(plain):
        raise Damaged(f"The segment goes on after position {last}, its last one.")


def _parts(entry: bytes, position: int) -> tuple[int, int, bytes]:
    """Return recorded time, clock and envelope of an entry that says it has that position."""
    line, _, envelope = entry.partition(b"\n")
    try:
        found, recorded_at, clock = map(int, line.split(b" "))
    except ValueError:
        found, recorded_at, clock = 0, 0, 0
    if found != position or line != b"%d %d %d" % (found, recorded_at, clock):
        raise Damaged(f"The segment does not hold position {position} where it should be.")
    return recorded_at, clock, envelope


def _senseless(position: int) -> Damaged:
    return Damaged(f"The lengths at position {position} of the segment make no sense.")

"""A segment of a backup as plain bytes: consecutive events, each with its length before it (docs/backup-format.md)."""

import re
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from adapters.envelope import entry_of
from adapters.stored_events import StoredEvent
from domain.errors import Damaged
from domain.merkle import leaf_hash

MAGIC = b"orch segment 1\n"
"""What every segment begins with; another version has another number."""
LINE = re.compile(rb"([1-9][0-9]{0,18}) (0|-?[1-9][0-9]{0,18}) (0|-?[1-9][0-9]{0,18})\n")
"""The line of the store: position, recorded time, clock."""
HEAD = struct.Struct(">II")
"""The bytes that follow the first number; the bytes of the entry."""
LONGEST_SALT = 255
LARGEST_RECORD = (1 << 32) - 1


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
    view = memoryview(plain)
    if plain[: len(MAGIC)] != MAGIC:
        raise Damaged("This is not a segment that this version can read: its first line is another.")
    at = len(MAGIC)
    for position in range(first, last + 1):
        entry, event, at = _record(view, at, position)
        yield Entry(leaf_hash(entry), event)
    if at != len(plain):
        raise Damaged(f"The segment goes on after position {last}, its last one.")


def _record(view: memoryview, at: int, position: int) -> tuple[bytes, StoredEvent, int]:
    """Return an entry, the event and where the next record begins."""
    try:
        size, length = HEAD.unpack_from(view, at)
    except struct.error:
        raise Damaged(f"The segment ends before position {position}.") from None
    end, salt_at = at + 4 + size, at + HEAD.size + length
    if end > len(view) or salt_at >= end:
        raise Damaged(f"The lengths at position {position} of the segment make no sense.")
    entry = bytes(view[at + HEAD.size : salt_at])
    line = LINE.match(entry)
    if line is None or int(line[1]) != position:
        raise Damaged(f"The segment does not hold position {position} where it should be.")
    text_at = salt_at + 1 + view[salt_at]
    if text_at > end or (text_at == salt_at + 1 and text_at != end):
        raise Damaged(f"The lengths at position {position} of the segment make no sense.")
    erased = text_at == salt_at + 1
    salt = None if erased else bytes(view[salt_at + 1 : text_at])
    payload = None if erased else bytes(view[text_at:end])
    return entry, StoredEvent(int(line[2]), int(line[3]), entry[line.end() :], salt, payload), end

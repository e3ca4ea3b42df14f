"""Find the rows of a log in a page by what a row looks like, whatever is left of the tables around it.

A row begins with a header that names the type of every column (sqlite.org/fileformat2.html §2.1). Headers of our
tables are rare enough to be looked for; what is found is believed for its hashes alone.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from adapters.salvage_pages import Pages

HASH = 32
TILE = 256 * HASH
INTS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
WIDTH = {**INTS, 0: 0, 7: 8, 8: 0, 9: 0, 10: 0, 11: 0}
BLOB, TEXT = 12, 13
TYPE = rb"(?:[\x81-\xff][\x80-\xff]?[\x00-\x7f]|[\x0d-\x7f])"
INT = rb"[\x01-\x06\x08\x09]"
EVENT = re.compile(rb"(?=[\x0c-\x19]\x00[\x01-\x06][\x01-\x06]" + TYPE + INT + TYPE + TYPE + rb")")
TREE = re.compile(rb"(?=[\x05\x06]\x00" + INT + rb"(?:[\x81-\x8f][\x00-\x7f]|[\x0c-\x7f])" + rb"[\x01-\x06])")
TILES = re.compile(rb"(?=\x07" + INT + INT + rb"\x81\x80\x0c\x4c)")
COMMANDS = re.compile(rb"(?=[\x05-\x07](?:[\x81\x82][\x00-\x7f]|[\x0d-\x7f])(?:\x00|\x81\x0d)" + INT + INT + rb")")
PLACES = re.compile(rb"(?=[\x04\x05](?:[\x81-\x83][\x00-\x7f]|[\x0d-\x7f])" + INT + INT + rb")")
"""The index on stream and version."""
NOTE = re.compile(rb"\x03(?=(?:[\x81-\xff]?[\x00-\x7f]){2})")
MOST = 1 << 31
"""Bytes of a row; SQLite allows no more."""


class FoundEvent(NamedTuple):
    """What is left of a row of the events. The position is what stands before it, and may be wrong."""

    position: int
    recorded_at: int
    clock: int
    stream: bytes
    version: int
    topic: bytes
    command_id: bytes
    envelope: bytes
    salt: bytes | None
    payload: bytes | None
    leaf: bytes | None
    framed: bool
    """Whether the length before the row is that of the row."""
    whole: bool
    """Whether nothing of the row is missing."""


class FoundTile(NamedTuple):
    """A row of the tiles."""

    level: int
    number: int
    hashes: bytes
    root: bytes


class FoundTree(NamedTuple):
    """The row of the tree, or one that was it once."""

    size: int
    frontier: bytes


def events_in(pages: Pages, page: bytes) -> Iterator[FoundEvent]:
    """Yield what may be rows of the events."""
    for at in _starts(EVENT, page):
        types = _types(page, at)
        if types is None or len(types) != 11 or not all(t >= TEXT and t % 2 for t in (types[3], types[5], types[6])):
            continue
        if types[7] < BLOB or types[7] % 2 or types[1] not in INTS or types[2] not in INTS:
            continue
        position, framed = _before(page, at, _length(page[at], types))
        if position is None:
            continue
        for row, whole in _rows(pages, page, at, types, table=True):
            if row[7] is not None:
                yield FoundEvent._make((position, *row[1:11], framed, whole))


def tiles_in(pages: Pages, page: bytes) -> Iterator[FoundTile]:
    """Yield what may be full tiles."""
    for at in _starts(TILES, page):
        types = _types(page, at)
        for row, whole in _rows(pages, page, at, types or [], table=False):
            if whole and len(row) == 4:
                yield FoundTile(*row)


def trees_in(pages: Pages, page: bytes) -> Iterator[FoundTree]:
    """Yield what may be the row of the tree: as many hashes as its size has bits."""
    for at in _starts(TREE, page):
        types = _types(page, at)
        if types is None or len(types) != 4 or types[2] % 2 or (types[2] - BLOB) % (2 * HASH):
            continue
        position, framed = _before(page, at, _length(page[at], types))
        if position != 1 or not framed:
            continue
        for row, whole in _rows(pages, page, at, types, table=True):
            if whole and row[1] > 0 and row[1].bit_count() * HASH == len(row[2]):
                yield FoundTree(row[1], row[2])


def commands_in(pages: Pages, page: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield what may be rows of the commands: id, first and last position."""
    for at in _starts(COMMANDS, page):
        types = _types(page, at)
        if types is not None and len(types) == 4:
            for row, whole in _rows(pages, page, at, types, table=False):
                if whole and 0 < row[2] <= row[3]:
                    yield row[0], row[2], row[3]


def places_in(pages: Pages, page: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield what may stand in the index on stream and version: both, and the position."""
    for at in _starts(PLACES, page):
        types = _types(page, at)
        if types is not None and len(types) == 3 and types[0] % 2:
            for row, whole in _rows(pages, page, at, types, table=False):
                if whole and row[1] > 0 and row[2] > 0:
                    yield row[0], row[1], row[2]


def notes_in(pages: Pages, page: bytes, name: str) -> Iterator[bytes]:
    """Yield what a note of that name in the table `store` may say."""
    key = name.encode()
    for at in _starts(NOTE, page):
        types = _types(page, at)
        if types is not None and len(types) == 2 and types[0] == TEXT + 2 * len(key) and types[1] % 2:
            for row, whole in _rows(pages, page, at, types, table=False):
                if whole and row[0] == key:
                    yield row[1]


def _starts(pattern: "re.Pattern[bytes]", page: bytes) -> Iterator[int]:
    return (found.start() for found in pattern.finditer(page))


def _types(page: bytes, at: int) -> list[int] | None:
    """Return the types of the columns that a header names, or None for what is no header."""
    end, types = at + page[at], []
    place = at + 1
    while place < end:
        value = 0
        while True:
            if place >= end or place >= len(page):
                return None
            byte = page[place]
            place += 1
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                break
        if value >= MOST:
            return None
        types.append(value)
    return types


def _width(kind: int) -> int:
    return WIDTH[kind] if kind < BLOB else (kind - BLOB) // 2


def _length(header: int, types: list[int]) -> int:
    return header + sum(map(_width, types))


def _before(page: bytes, at: int, length: int) -> tuple[int | None, bool]:
    """Return the key that stands before a row of a table, and whether the row's length stands before that."""
    start = at - 1
    if start < 0 or page[start] >= 0x80:
        return None, False
    while start > 0 and at - start < 9 and page[start - 1] >= 0x80:
        start -= 1
    key = 0
    for byte in page[start:at]:
        key = key << 7 | byte & 0x7F
    said = _varint(length)
    return key, page[max(0, start - len(said)) : start] == said


def _varint(value: int) -> bytes:
    made = [value & 0x7F]
    while value := value >> 7:
        made.append(value & 0x7F | 0x80)
    return bytes(reversed(made))


def _rows(pages: Pages, page: bytes, at: int, types: list[int], *, table: bool) -> Iterator[tuple[list[Any], bool]]:
    """Yield the columns of a row, and whether it is whole; more than once where its other pages had versions."""
    header = page[at]
    length = _length(header, types)
    local = _local(length, pages.size, table=table)
    if length == local:
        data = page[at : at + length]
        yield _columns(data, header, types), len(data) == length
        return
    first = int.from_bytes(page[at + local : at + local + 4], "big")
    seen = set()
    for newest in (True, False):
        data = page[at : at + local] + _overflow(pages, first, length - local, newest=newest)
        if data not in seen:
            seen.add(data)
            yield _columns(data, header, types), len(data) == length


def _local(length: int, size: int, *, table: bool) -> int:
    """Return how many bytes of a row stand in its own page (§1.6)."""
    most = size - 35 if table else (size - 12) * 64 // 255 - 23
    if length <= most:
        return length
    least = (size - 12) * 32 // 255 - 23
    kept = least + (length - least) % (size - 4)
    return kept if kept <= most else least


def _overflow(pages: Pages, number: int, length: int, *, newest: bool) -> bytes:
    """Return what stands in a chain of pages, as far as it goes."""
    parts, met = [], set()
    while length > 0 and number not in met:
        met.add(number)
        versions = pages.versions(number)
        if not versions:
            break
        page = versions[0 if newest else -1]
        part = page[4 : 4 + length]
        parts.append(part)
        if len(part) < min(length, pages.size - 4):
            break
        length -= len(part)
        number = int.from_bytes(page[:4], "big")
    return b"".join(parts)


def _columns(data: bytes, at: int, types: list[int]) -> list[Any]:
    """Return the values of the columns; None for those that are not all there."""
    found: list[Any] = []
    for kind in types:
        end = at + _width(kind)
        part = data[at:end]
        if len(part) < end - at or kind in (0, 7, 10, 11):
            found.append(None)
        elif kind in INTS:
            found.append(int.from_bytes(part, "big", signed=True))
        elif kind in (8, 9):
            found.append(kind - 8)
        else:
            found.append(part)
        at = end
    return found

"""The heads of all streams as bytes: one canonical JSON line for each stream, ordered by name, deflated (RFC 1950)."""

import zlib
from collections.abc import Iterable, Mapping

import orjson

from adapters.envelope import canonical
from domain.errors import Damaged
from domain.event_log import Head

FASTEST = 1
"""The level of compression; more of it costs time and saves little."""
MOST = 1 << 30
"""Bytes that are unpacked at the most."""


def line_of(head: Head) -> bytes:
    """Return one head as a line: stream, version, position, facts."""
    return canonical([head.stream, head.version, head.position, head.facts]) + b"\n"


def lines_of(heads: Mapping[str, Head]) -> bytes:
    """Return all heads, ordered by the name of their stream."""
    return joined({name: line_of(head) for name, head in heads.items()})


def joined(lines: Mapping[str, bytes]) -> bytes:
    """Return lines in the order of their streams."""
    return b"".join(lines[name] for name in sorted(lines))


def packed(lines: bytes) -> bytes:
    """Return the form that is stored."""
    return zlib.compress(lines, FASTEST)


def unpacked(position: int, stored: bytes) -> bytes:
    """Return the lines of a stored snapshot. Raises `Damaged`."""
    unpacking = zlib.decompressobj()
    try:
        lines = unpacking.decompress(stored, MOST)
    except zlib.error as error:
        raise _unreadable(position, error) from None
    if not unpacking.eof or unpacking.unused_data:
        raise _unreadable(position, "it has another end than it should")
    return lines


def heads_in(position: int, lines: bytes) -> dict[str, Head]:
    """Return the heads that the lines describe. Raises `Damaged`."""
    try:
        return {head.stream: head for head in _heads(lines.splitlines())}
    except (orjson.JSONDecodeError, TypeError, ValueError) as error:
        raise _unreadable(position, error) from None


def _heads(lines: Iterable[bytes]) -> Iterable[Head]:
    for line in lines:
        stream, version, at, facts = orjson.loads(line)
        yield Head(stream, version, at, facts)


def _unreadable(position: int, why: object) -> Damaged:
    return Damaged(f"The snapshot of position {position} cannot be read: {why}.", fix=("orch rebuild",))

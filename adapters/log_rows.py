"""Rows of the log as the port's types; what no log has written is damage."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, ValuesView
from typing import Any

import orjson

from adapters.snapshots import unpacked
from domain.errors import Damaged
from domain.event_log import Head, KnownCommand, Moment, Receipt, Record

COLUMNS = "position, recorded_at, clock, stream, version, topic, command_id, envelope, salt, payload, leaf"
VERSION = 4
"""Where the version stands in COLUMNS."""
HASH = 32
TILE = 256
"""Hashes in a full tile."""
LEAVES = "SELECT leaf FROM events WHERE position > ? AND position <= ? ORDER BY position"
ROOTS = "SELECT root FROM tiles WHERE level = ? AND number >= ? AND number < ? ORDER BY number"
"""The hashes of a tile level: of the lowest one, and of those above it."""
TREE = "SELECT size, frontier, recorded_at FROM tree"

Row = tuple[Any, ...]
_new = tuple.__new__
_loads = orjson.loads
ENTRY = (int, int, int, str, int, str, str, bytes)
RECORDS = frozenset(((*ENTRY, bytes, bytes, bytes), (*ENTRY, type(None), type(None), bytes)))
KINDS = {name: frozenset(types) for name, types in zip(Record._fields, zip(*RECORDS, strict=True), strict=True)}
"""What may stand in each column of the events."""
COMMANDS = frozenset(((str, int, int),))
HEADS = frozenset(((str, int, int, bytes),))
SNAPSHOTS = frozenset(((int, bytes),))
HASHES = frozenset(((bytes,),))
TREES = frozenset(((int, bytes, int),))


def record_of(row: Row) -> Record:
    """Return a row of the events as a record."""
    return Record(*_typed(row, RECORDS, "An event"))


def records_of(rows: Sequence[Row], *, column: int, after: int) -> Iterator[Record]:
    """Yield rows whose numbers in a column grow; a damaged index can give others, for ever."""
    for row in rows:  # every read of history goes through here: each call that is saved counts
        if tuple(map(type, row)) not in RECORDS:
            record_of(row)
        if row[column] <= after:
            raise Damaged(f"The log is damaged: {row[column]} comes after {after}.")
        after = row[column]
        yield _new(Record, row)


def page_of(rows: list[Row], columns: Sequence[str]) -> list[Row]:
    """Return rows of some columns of the events. A salt without its payload is found by whoever asks for both."""
    for name, found in zip(columns, zip(*rows, strict=True), strict=bool(rows)):
        if not {*map(type, found)} <= KINDS[name]:
            raise Damaged(f"The log is damaged: the {name} of an event is of another type.")
    return rows


def commands_of(rows: Sequence[Row], *, after: str) -> Iterator[KnownCommand]:
    """Yield rows of the commands, whose ids grow."""
    for row in rows:
        command = KnownCommand(*_typed(row, COMMANDS, "A command"))
        if command.command_id.encode() <= after.encode():  # as SQLite compares texts
            raise Damaged(f"The log is damaged: command {command.command_id} comes after {after}.")
        after = command.command_id
        yield command


def head_of(row: Row) -> Head:
    """Return a row of the heads as a head."""
    if tuple(map(type, row)) not in HEADS:  # reads over thousands of phases go through here, too
        _typed(row, HEADS, "A head")
    stream, version, position, facts = row
    try:
        return _new(Head, (stream, version, position, _loads(facts)))
    except orjson.JSONDecodeError as error:
        raise Damaged(f"The head of {stream} cannot be read: {error}.") from None


def snapshot_of(row: Row) -> tuple[int, bytes]:
    """Return a row of the snapshots as its position and its unpacked lines."""
    position, stored = _typed(row, SNAPSHOTS, "A snapshot")
    return position, unpacked(position, stored)


class Heads(Mapping[str, Head]):
    """Heads kept as the bytes they are stored in, a fifth of what they take otherwise."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows: dict[str, Row] = {row[0]: row for row in rows}

    def __getitem__(self, stream: str) -> Head:
        return head_of(self._rows[stream])

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self) -> Iterable[Row]:
        """Return them as they are stored."""
        return self._rows.values()

    def in_order(self) -> "Heads":
        """Return the same, ordered by name."""
        return Heads(row for _, row in sorted(self._rows.items()))

    def values(self) -> ValuesView[Head]:
        """Return all heads, without looking each up by its name."""
        return _InOrder(self)


class _InOrder(ValuesView[Head]):
    _mapping: Heads

    def __iter__(self) -> Iterator[Head]:
        return map(head_of, self._mapping._rows.values())


def tree_of(row: Row | None) -> tuple[int, list[bytes], int]:
    """Return size, frontier and last recorded time; the row is there in every log."""
    if row is None:
        raise Damaged("The log has lost the row that holds its tree.")
    size, edge, recorded_at = _typed(row, TREES, "The tree")
    if size < 0 or len(edge) != size.bit_count() * HASH:
        raise Damaged(f"The log is damaged: its tree of {size} entries has an edge of {len(edge)} bytes.")
    return size, [edge[i : i + HASH] for i in range(0, len(edge), HASH)], recorded_at


def hashes_of(rows: Sequence[Row]) -> list[bytes]:
    """Return rows of one hash each."""
    for row in rows:
        if len(_typed(row, HASHES, "A hash")[0]) != HASH:
            raise Damaged(f"The log is damaged: a hash has {len(row[0])} bytes.")
    return [row[0] for row in rows]


def tile_of(row: Row | None) -> bytes | None:
    """Return a row of a full tile's hashes, or None for a tile that is not there."""
    if row is None:
        return None
    if len(_typed(row, HASHES, "A tile")[0]) != TILE * HASH:
        raise Damaged(f"The log is damaged: a tile has {len(row[0])} bytes.")
    hashes: bytes = row[0]
    return hashes


def moment_of(row: Row | None) -> Moment:
    """Return the moment of the last position, from the first columns of the tree's row."""
    if row is None or tuple(map(type, row)) != (int, int) or row[0] < 0:
        raise Damaged("The log has lost the row that holds its tree.")
    return Moment(row[0], row[1] if row[0] else None, None)


def find_receipt(one: Callable[[str, Row], Row | None], command_id: str) -> tuple[Receipt, str | None] | None:
    """Return the receipt of a recorded command and the fingerprint of what was asked."""
    row = one("SELECT first, last, fingerprint FROM commands WHERE command_id = ?", (command_id,))
    if row is None:  # as nearly always, so this takes one look into one table
        return None
    first, last, fingerprint = row
    at = one("SELECT recorded_at FROM events WHERE position = ?", (last,))
    if at is None:
        raise Damaged(f"The log lacks position {last}, the last of command {command_id}.")
    return Receipt(command_id, first, last, at[0], repeated=True), fingerprint


def _typed(row: Row, shapes: frozenset[Row], what: str) -> Row:
    """SQLite checks types when it writes, not when it reads."""
    if tuple(map(type, row)) not in shapes:
        raise Damaged(f"The log is damaged: {what.lower()} has a column of another type.")
    return row

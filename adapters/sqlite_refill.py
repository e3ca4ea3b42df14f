"""Make a log anew from its events: the same bytes at the same positions, everything else computed from them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from adapters.envelope import canonical
from adapters.log_rows import TILE
from adapters.sqlite_append import INSERT_EVENT, PUT_HEAD
from adapters.sqlite_creation import new_log
from adapters.sqlite_tiles import put_tile
from domain.event_log import Head, Record, TreeHead
from domain.merkle import grow, perfect_root, root_of

TIMEOUT_S = 30.0
INSERT_COMMAND = "INSERT INTO commands VALUES (?, NULL, ?, ?)"
POSITION, RECORDED_AT, COMMAND, LEAF = map(Record._fields.index, ("position", "recorded_at", "command_id", "leaf"))


class Refill:
    """A log that is being made from the records of another one, in their order."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._above: list[bytes] = []
        """The frontier over full tiles."""
        self._leaves: list[bytes] = []
        """The leaves after them."""
        self._size = self._tiles = self._recorded_at = 0
        self._command, self._first = "", 0

    def add(self, records: Sequence[Sequence[Any]]) -> None:
        """Write the next records, or rows that are as long: positions go on without a gap."""
        first, self._size = self._size + 1, self._size + len(records)
        if [record[POSITION] for record in records] != list(range(first, self._size + 1)):
            raise ValueError(f"these are not the positions from {first} to {self._size}")
        self._connection.executemany(INSERT_EVENT, records)
        self._leaves.extend([record[LEAF] for record in records])
        for position, record in enumerate(records, first):
            if record[COMMAND] != self._command:
                self._end_command(position - 1)
                self._command, self._first = record[COMMAND], position
        if records:
            self._recorded_at = records[-1][RECORDED_AT]
        while len(self._leaves) >= TILE:
            root = perfect_root(self._leaves[:TILE])
            grow(self._above, self._tiles, root)
            put_tile(self._connection.execute, 0, self._tiles, root)
            del self._leaves[:TILE]
            self._tiles += 1

    def finish(self, heads: Mapping[str, Head]) -> TreeHead:
        """Write what stands beside the rows, and return the tree head that the rows made."""
        self._end_command(self._size)
        frontier = [*self._above]
        for size, leaf in enumerate(self._leaves, self._tiles * TILE):
            grow(frontier, size, leaf)
        rows = [(head.stream, head.version, head.position, canonical(head.facts)) for head in heads.values()]
        self._connection.executemany(PUT_HEAD, rows)
        self._connection.execute(
            "UPDATE tree SET size = ?, frontier = ?, recorded_at = ?",
            (self._size, b"".join(frontier), self._recorded_at),
        )
        return TreeHead(self._size, root_of(frontier), tuple(frontier))

    def keep_snapshots(self, snapshots: Sequence[tuple[int, bytes]]) -> None:
        """Keep the states as of some positions, in their stored form."""
        self._connection.executemany("INSERT INTO snapshots VALUES (?, ?)", snapshots)

    def note(self, key: str, value: str) -> None:
        """Keep a word about where this log comes from."""
        self._connection.execute("INSERT INTO store VALUES (?, ?)", (key, value))

    def _end_command(self, last: int) -> None:
        if self._command:
            self._connection.execute(INSERT_COMMAND, (self._command, self._first, last))


@contextmanager
def refilled(path: Path, origin: str) -> Iterator[Refill]:
    """Open a new log to be filled. Nothing is at the path until the block ends well; then all of it is durable.

    Raises `AlreadyExists`, `Unavailable`.
    """
    with new_log(path, origin, timeout_s=TIMEOUT_S) as connection:
        yield Refill(connection)

"""Make a log anew from its events: the same bytes at the same positions, everything else computed from them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw

from adapters.envelope import canonical
from adapters.snapshots import lines_of, packed
from adapters.sqlite_append import INSERT_EVENT, PUT_HEAD
from adapters.sqlite_creation import new_log
from adapters.sqlite_rows import TILE
from adapters.sqlite_tiles import put_tile
from domain.event_log import Head, Record, TreeHead
from domain.merkle import grow, perfect_root, root_of

TIMEOUT_S = 30.0
INSERT_COMMAND = "INSERT INTO commands VALUES (?, NULL, ?, ?)"


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

    def add(self, records: Sequence[Record]) -> None:
        """Write the next records: positions go on without a gap."""
        self._connection.executemany(INSERT_EVENT, records)
        for record in records:
            if record.position != self._size + 1:
                raise ValueError(f"position {record.position} cannot follow {self._size}")
            self._size += 1
            self._leaves.append(record.leaf)
            if record.command_id != self._command:
                self._end_command(record.position - 1)
                self._command, self._first = record.command_id, record.position
        if records:
            self._recorded_at = records[-1].recorded_at
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

    def keep_snapshot(self, heads: Mapping[str, Head]) -> None:
        """Keep the heads of all streams as of the last record written."""
        row = self._size, packed(lines_of(heads))
        self._connection.execute("INSERT INTO snapshots VALUES (?, ?)", row)

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

"""The tables of a new SQLite log, to be filled."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from adapters.refill import Fingerprints, Refill
from adapters.sqlite_append import INSERT_EVENT, PUT_HEAD
from adapters.sqlite_creation import new_log

TIMEOUT_S = 30.0


class SqliteTables:
    """Writes rows as they come; the transaction is the opener's."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def events(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write records, in order."""
        self._connection.executemany(INSERT_EVENT, rows)

    def commands(self, rows: Sequence[tuple[str, str | None, int, int]]) -> None:
        """Write commands."""
        self._connection.executemany("INSERT INTO commands VALUES (?, ?, ?, ?)", rows)

    def tile(self, level: int, number: int, hashes: bytes, root: bytes) -> None:
        """Write a full tile."""
        self._connection.execute("INSERT INTO tiles VALUES (?, ?, ?, ?)", (level, number, hashes, root))

    def heads(self, rows: Sequence[tuple[str, int, int, bytes]]) -> None:
        """Write heads."""
        self._connection.executemany(PUT_HEAD, rows)

    def tree(self, size: int, frontier: bytes, recorded_at: int) -> None:
        """Write how large the log is."""
        row = (size, frontier, recorded_at)
        self._connection.execute("UPDATE tree SET size = ?, frontier = ?, recorded_at = ?", row)

    def snapshots(self, rows: Sequence[tuple[int, bytes]]) -> None:
        """Write states as of positions."""
        self._connection.executemany("INSERT INTO snapshots VALUES (?, ?)", rows)

    def note(self, key: str, value: str) -> None:
        """Write a word about the log itself."""
        self._connection.execute("INSERT INTO store VALUES (?, ?)", (key, value))


@contextmanager
def refilled(path: Path, origin: str, fingerprints: Fingerprints = lambda _: {}) -> Iterator[Refill]:
    """Open a new log to be filled. Nothing is at the path until the block ends well; then all of it is durable.

    Raises `AlreadyExists`, `Unavailable`.
    """
    with new_log(path, origin, timeout_s=TIMEOUT_S) as connection:
        yield Refill(SqliteTables(connection), fingerprints)

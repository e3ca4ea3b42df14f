"""The tables of a new log in PostgreSQL, to be filled: rows go by COPY, the way for many."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from adapters.log_rows import Row
from adapters.postgres_schema import new_log
from adapters.refill import Fingerprints, Refill

TIMEOUT_S = 30.0
EVENT = ("int8", "int8", "int8", "text", "int8", "text", "text", "bytea", "bytea", "bytea", "bytea")
KINDS = {
    "events": EVENT,
    "commands": ("text", "text", "int8", "int8"),
    "heads": ("text", "int8", "int8", "bytea"),
    "snapshots": ("int8", "bytea"),
}


class PostgresTables:
    """Writes rows as they come; the transaction is the opener's."""

    def __init__(self, connection: "psycopg.Connection[Row]") -> None:
        self._connection = connection

    def events(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write records, in order."""
        self._copy("events", rows)

    def commands(self, rows: Sequence[tuple[str, str | None, int, int]]) -> None:
        """Write commands."""
        self._copy("commands", rows)

    def tile(self, level: int, number: int, hashes: bytes, root: bytes) -> None:
        """Write a full tile."""
        self._connection.execute("INSERT INTO orch.tiles VALUES (%s, %s, %s, %s)", (level, number, hashes, root))

    def heads(self, rows: Sequence[tuple[str, int, int, bytes]]) -> None:
        """Write heads."""
        self._copy("heads", rows)

    def tree(self, size: int, frontier: bytes, recorded_at: int) -> None:
        """Write how large the log is, and have the server count its rows: its planner knows nothing of new tables."""
        row = (size, frontier, recorded_at)
        self._connection.execute("UPDATE orch.tree SET size = %s, frontier = %s, recorded_at = %s", row)
        self._connection.execute("ANALYZE orch.events, orch.commands, orch.heads, orch.tiles, orch.snapshots")

    def snapshots(self, rows: Sequence[tuple[int, bytes]]) -> None:
        """Write states as of positions."""
        self._copy("snapshots", rows)

    def note(self, key: str, value: str) -> None:
        """Write a word about the log itself."""
        self._connection.execute("INSERT INTO orch.store VALUES (%s, %s)", (key, value))

    def _copy(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        if not rows:
            return
        query = f"COPY orch.{table} FROM STDIN (FORMAT BINARY)"
        with self._connection.cursor() as cursor, cursor.copy(query.encode()) as copy:
            copy.set_types(KINDS[table])
            for row in rows:
                copy.write_row(row)


@contextmanager
def refilled(url: str, origin: str, fingerprints: Fingerprints = lambda _: {}) -> Iterator[Refill]:
    """Open a new log to be filled, in one transaction: nothing is there until the block ends well.

    One that is there and was never finished goes. Raises `AlreadyExists`, `Unavailable`.
    """
    with new_log(url, origin, timeout_s=TIMEOUT_S, over_unsettled=True) as connection:
        yield Refill(PostgresTables(connection), fingerprints)

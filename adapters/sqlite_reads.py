"""The reading half of the log in SQLite: one connection that threads may share."""

from pathlib import Path
from threading import RLock

import apsw

from adapters.log_reads import LogReads
from adapters.log_rows import Row
from adapters.sqlite_connection import spoken
from domain.event_log import Receipt, Snapshot

SNAPSHOTS_SINCE = 2
"""The schema that brought them."""


class SqliteReads(LogReads):
    """The reads of the port `EventLog`, of a file."""

    def __init__(self, path: Path, reader: apsw.Connection) -> None:
        self._path = path
        self.where = str(path)
        self._reader = reader
        self._reading = RLock()

    def receipt(self, command_id: str) -> tuple[Receipt, str | None] | None:
        """Return the receipt and the fingerprint of a recorded command, both as of one moment."""
        with self._reading:
            return super().receipt(command_id)

    def snapshot(self, position: int) -> Snapshot | None:
        """Return the latest snapshot at or before a position; a log of schema 1 has none."""
        return super().snapshot(position) if self.schema_version >= SNAPSHOTS_SINCE else None

    def snapshot_positions(self) -> list[int]:
        """Return the positions of all snapshots, in order."""
        return super().snapshot_positions() if self.schema_version >= SNAPSHOTS_SINCE else []

    def unsound(self) -> list[str]:
        """Return what SQLite finds wrong: an index that lacks a row answers other reads than those by position."""
        told = [str(row[0]) for row in self._all("PRAGMA integrity_check(20)", ())]
        return [] if told == ["ok"] else told

    @property
    def schema_version(self) -> int:
        """The version of the tables in the file."""
        row = self._one("PRAGMA user_version")
        return int(row[0]) if row else 0

    def _one(self, query: str, values: Row = ()) -> Row | None:
        with self._reading, spoken(self._path):
            return self._reader.execute(query, values).fetchone()

    def _all(self, query: str, values: Row) -> list[Row]:
        with self._reading, spoken(self._path):
            return self._reader.execute(query, values).fetchall()

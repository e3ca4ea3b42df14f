"""The one command by which a recovered store becomes a log of its own: its events and its new name, in one commit."""

from pathlib import Path
from typing import ClassVar, Self

import apsw

from adapters.log_notes import CARRIED, PROMOTED, RECOVERED
from adapters.sqlite_log import TIMEOUT_S, SqliteLog, system_clock


class ForkLog(SqliteLog):
    """A recovered store that takes one command, under another origin than the events before it."""

    PROMOTES: ClassVar[bool] = True
    _note = ""

    @classmethod
    def fork(cls, path: Path, origin: str, note: str) -> Self:
        """Open a recovered store; the first command appended gives it this origin and this note."""
        log = cls(path, read_only=False, clock=system_clock, timeout_s=TIMEOUT_S, vfs=None)
        log._origin, log._note = origin, note
        return log

    def _before_commit(self, writer: apsw.Connection) -> None:
        writer.execute("UPDATE store SET value = ? WHERE key = 'origin'", (self._origin,))
        writer.execute("UPDATE store SET key = ?, value = ? WHERE key = ?", (PROMOTED, self._note, RECOVERED))
        writer.execute("DELETE FROM store WHERE key = ?", (CARRIED,))  # the fork's own command records them anew

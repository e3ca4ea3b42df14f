"""The snapshots that a log keeps, read for a verification that holds them against its fold."""

from adapters.snapshots import line_of
from domain.errors import Damaged, NotFound
from domain.event_log import EventLog
from projections.verification import Findings
from projections.verify_snapshots import Snapshots

UNREADABLE = b"?"


class KeptSnapshots:
    """Where there are snapshots, and what they say."""

    def __init__(self, log: EventLog, findings: Findings) -> None:
        self._log = log
        self._note = findings.note
        self._positions: list[int] = []
        try:
            self._positions = log.snapshot_positions()
        except Damaged as error:
            self._note(None, "snapshot", "snapshots that can be read", error.message)

    def to_fold(self, *, folds: bool) -> Snapshots:
        """Return what a fold holds itself against; nothing where nobody folds."""
        return Snapshots(self._positions if folds else [], self._lines_at, line_of)

    def compare_beyond(self, size: int) -> None:
        """Note the snapshots that no position of the log can be of."""
        for position in self._positions:
            if position < 1 or size < position > self._log.moment().position:  # others may have appended meanwhile
                self._note(None, "snapshot", f"none beyond the {size} events", f"one of position {position}")

    def _lines_at(self, position: int) -> bytes | None:
        """Return what a snapshot says, or None where it cannot be read or somebody has thrown it away meanwhile."""
        try:
            return self._log.snapshot_lines(position)
        except NotFound:
            return None
        except Damaged:
            return UNREADABLE

"""What was found of a damaged log, kept in a scratch file: there may be more of it than fits into memory."""

from collections.abc import Iterator
from enum import IntEnum
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import orjson

from adapters.envelope import CANONICAL, commitment
from adapters.salvage_records import FoundEvent
from adapters.stored_events import StoredEvent

NAMES = frozenset((
    "actor", "causation", "command_id", "correlation", "facts", "occurred_at", "origin", "payload", "stream", "topic",
    "v", "version",
))  # fmt: skip
TABLE = """
CREATE TABLE found (
    position INTEGER NOT NULL, leaf BLOB NOT NULL, text INTEGER NOT NULL, own INTEGER NOT NULL, backup INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL, clock INTEGER NOT NULL, envelope BLOB NOT NULL, salt BLOB, payload BLOB,
    PRIMARY KEY (position, leaf, text, backup)
) WITHOUT ROWID;
"""
MOST_LOOSE = 4096
MOST_POSITION = 1 << 62
SOUGHT = b"project.initialised", b"ledger.key_rotated", b"ledger.forked", b"ledger.payload_redacted"
"""Topics of events that say who speaks for the log, and what has to stay erased."""


class Text(IntEnum):
    """What is left of the free text of an event; the smaller, the better."""

    NONE = 0
    """The event has none."""
    HERE = 1
    ERASED = 2
    """The row holds none, and says so: it was erased, by whomever."""
    LOST = 3


class Find(NamedTuple):
    """One event as it was found, and what is left of its text."""

    event: StoredEvent
    text: Text
    backup: bool


class Candidate(NamedTuple):
    """A hash that some find at a position has. `own`: the row beside it names the same one."""

    leaf: bytes
    own: bool


class Finds:
    """The finds, by position and by the hash of their entry."""

    def __init__(self, path: Path) -> None:
        self._scratch = apsw.Connection(str(path))
        self._scratch.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536")
        self._scratch.execute(TABLE)
        self._scratch.execute("BEGIN")
        self._loose: dict[bytes, FoundEvent] = {}
        self.broken: dict[int, FoundEvent] = {}
        """Rows whose place is known, and which are not what they were."""
        self.told: dict[tuple[int, bytes], dict[str, Any]] = {}
        """Envelopes of the topics in SOUGHT, by position and leaf."""

    def close(self) -> None:
        """Let go of the scratch file."""
        self._scratch.close()

    def add(self, row: FoundEvent) -> None:
        """Take a row of the damaged store for what its hashes say it is."""
        if None in (row.recorded_at, row.clock):
            return
        leaf = _leaf(row.position, row)
        own = leaf == row.leaf
        if not own and row.leaf is not None:
            if len(self._loose) < MOST_LOOSE:
                self._loose.setdefault(row.leaf, row)
            if row.framed and 0 < row.position < MOST_POSITION:
                self.broken.setdefault(row.position, row)
        if own or (row.framed and 0 < row.position < MOST_POSITION):
            event = StoredEvent(row.recorded_at, row.clock, row.envelope, row.salt, row.payload)
            self.offer(row.position, leaf, event, own=own, whole=row.whole)

    def offer(
        self, position: int, leaf: bytes, event: StoredEvent, *, own: bool, whole: bool = True, backup: bool = False
    ) -> None:
        """Keep an event whose entry has that hash, with what of its text fits its envelope."""
        try:
            envelope = orjson.loads(event.envelope)
            if envelope.keys() != NAMES or orjson.dumps(envelope, option=CANONICAL) != event.envelope:
                return
        except (orjson.JSONDecodeError, AttributeError, TypeError):
            return
        text = _text(envelope["payload"], event, whole=whole)
        if text is not Text.HERE:
            event = event._replace(salt=None, payload=None)
        if own and envelope["topic"].encode() in SOUGHT:
            self.told[position, leaf] = envelope
        self._scratch.execute(
            "INSERT INTO found VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET own = max(own, excluded.own)",
            (position, leaf, text, own, backup, *event),
        )

    def place(self, positions: Iterator[int]) -> None:
        """Try rows whose number was lost at positions that nothing was found for: their own leaf tells."""
        for position in positions:
            for leaf, row in list(self._loose.items()):
                if _leaf(position, row) == leaf:
                    del self._loose[leaf]
                    self.add(row._replace(position=position))

    @property
    def loose(self) -> int:
        """How many rows of unknown place there are."""
        return len(self._loose)

    def candidates(self) -> dict[int, list[Candidate]]:
        """Return which hashes were found for each position."""
        found: dict[int, list[Candidate]] = {}
        query = "SELECT position, leaf, max(own) FROM found GROUP BY position, leaf ORDER BY position"
        for position, leaf, own in self._scratch.execute(query):
            found.setdefault(position, []).append(Candidate(leaf, bool(own)))
        return found

    def at(self, position: int, leaf: bytes) -> list[Find]:
        """Return the finds at a position whose entry has that hash, those with most of their text first."""
        query = (
            "SELECT recorded_at, clock, envelope, salt, payload, text, backup FROM found"
            " WHERE position = ? AND leaf = ? ORDER BY text, backup"
        )
        rows: list[Any] = self._scratch.execute(query, (position, leaf)).fetchall()
        return [Find(StoredEvent(*row[:5]), Text(row[5]), bool(row[6])) for row in rows]


def _leaf(position: int, row: FoundEvent) -> bytes:
    return sha256(b"\x00%d %d %d\n%b" % (position, row.recorded_at, row.clock, row.envelope)).digest()


def _text(commits: Any, event: StoredEvent, *, whole: bool) -> Text:
    if commits is None:
        return Text.NONE
    if event.salt is None and event.payload is None:
        return Text.ERASED if whole else Text.LOST
    if type(commits) is not dict or event.salt is None or event.payload is None:
        return Text.LOST
    return Text.HERE if commits.get("sha256") == commitment(event.salt, event.payload) else Text.LOST

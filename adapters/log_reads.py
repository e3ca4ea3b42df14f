"""The reading half of the log in a database: the questions are the same to every engine, and so are the rows.

They are written as SQLite takes them, with `?` for values; what another engine wants otherwise is its adapter's affair.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import TracebackType
from typing import Self

from adapters.envelope import told as told_by
from adapters.log_rows import (
    COLUMNS,
    LEAVES,
    ROOTS,
    TILE,
    TREE,
    VERSION,
    Heads,
    Row,
    commands_of,
    find_receipt,
    hashes_of,
    head_of,
    moment_of,
    page_of,
    record_of,
    records_of,
    snapshot_of,
    tile_of,
    tree_of,
)
from adapters.snapshots import heads_in
from domain.errors import Damaged, NotFound
from domain.event_log import Head, KnownCommand, Moment, Receipt, Record, Snapshot, Told, TreeHead
from domain.merkle import root_of

PAGE = 500
"""Rows fetched at a time by the reads that go through history."""
LARGEST = (1 << 63) - 1
"""SQLite takes no larger number for a position, and the log will have none."""
MOMENT = "SELECT NULL, size, recorded_at, NULL FROM tree"
HEADS = "SELECT stream, version, position, facts FROM heads WHERE"
HEADS_BELOW = f"{MOMENT} UNION ALL {HEADS} stream >= ? AND stream < ?"
LAST_CHARACTER = "\U0010ffff"
FEW = 3
"""Heads that are named one by one in a query: what nearly every command reads."""


@lru_cache  # so that the text is made, and known to SQLite's statement cache, once
def _named(streams: int) -> str:
    """Return the query for so many heads and their moment. Measured: half the time of a join, two thirds of an IN."""
    each = f" UNION ALL {HEADS} stream = ?"
    return MOMENT + (each * streams if streams <= FEW else f" UNION ALL {HEADS} stream IN ({', '.join('?' * streams)})")


class LogReads(ABC):
    """The reads of the port `EventLog`.

    A read is one statement, or several about positions that are there already: in a log that only grows they agree
    without a transaction around them.
    """

    where: str
    """The store, as people name it."""

    @abstractmethod
    def _one(self, query: str, values: Row = ()) -> Row | None:
        """Return the first row of an answer."""

    @abstractmethod
    def _all(self, query: str, values: Row) -> list[Row]:
        """Return all rows of an answer."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the store."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def receipt(self, command_id: str) -> tuple[Receipt, str | None] | None:
        """Return the receipt and the fingerprint of a recorded command."""
        return find_receipt(self._one, command_id)

    def commands(self, *, after: str = "") -> Iterator[KnownCommand]:
        """Yield every recorded command, ordered by its id."""
        query = f"SELECT command_id, first, last FROM commands WHERE command_id > ? ORDER BY command_id LIMIT {PAGE}"
        while rows := self._all(query, (after,)):
            yield from commands_of(rows, after=after)
            after = rows[-1][0]

    def fingerprints(self, command_ids: Sequence[str]) -> dict[str, str | None]:
        """Return what was kept of the contents of commands; None where a redaction had it forgotten."""
        found: dict[str, str | None] = {}
        for start in range(0, len(command_ids), PAGE):
            some = command_ids[start : start + PAGE]
            marks = ", ".join("?" * len(some))
            query = f"SELECT command_id, fingerprint FROM commands WHERE command_id IN ({marks})"
            found |= dict(self._all(query, tuple(some)))
        return found

    def heads(self, streams: Sequence[str]) -> tuple[Moment, dict[str, Head]]:
        """Return the heads of those streams that exist, all as of one moment."""
        return self._heads(_named(len(streams)), tuple(streams))

    def heads_below(self, prefix: str) -> tuple[Moment, dict[str, Head]]:
        """Return the heads of all streams that begin so, ordered by name."""
        return self._heads(HEADS_BELOW, (prefix, f"{prefix}{LAST_CHARACTER}"))

    def all_heads(self) -> tuple[Moment, Mapping[str, Head]]:
        """Return the heads of all streams, ordered by name, as of one moment; made when they are looked at."""
        rows = self._all(
            f"{MOMENT} UNION ALL SELECT * FROM"
            " (SELECT stream, version, position, facts FROM heads ORDER BY stream) AS ordered",
            (),
        )
        tree = next((row[1:3] for row in rows if row[0] is None), None)
        return moment_of(tree), Heads(row for row in rows if row[0] is not None)

    def told(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Told]:
        """Return what the events at those places say."""
        query = f"SELECT {COLUMNS} FROM events WHERE stream = ? AND version = ?"
        found = {}
        for place in places:
            row = self._one(query, place)
            if row is None:
                raise Damaged(f"{self.where} lacks version {place[1]} of {place[0]}, which its head names.")
            found[place] = told_by(record_of(row))
        return found

    def stream(self, stream: str, *, after: int = 0, upto: int | None = None) -> Iterator[Record]:
        """Yield the records of one stream in order, after a version and up to and including a position."""
        query = (
            f"SELECT {COLUMNS} FROM events WHERE stream = ? AND version > ? AND position <= ?"
            f" ORDER BY version LIMIT {PAGE}"
        )
        version, last = after, self._upto(upto)
        while rows := self._all(query, (stream, version, last)):
            yield from records_of(rows, column=VERSION, after=version)
            version = rows[-1][VERSION]

    def records(self, first: int = 1, last: int | None = None) -> Iterator[Record]:
        """Yield the records between two positions, both included, in order."""
        query = f"SELECT {COLUMNS} FROM events WHERE position >= ? AND position <= ? ORDER BY position LIMIT {PAGE}"
        position, last = first, min(self._upto(last), LARGEST)
        while position <= last and (rows := self._all(query, (position, last))):
            yield from records_of(rows, column=0, after=position - 1)
            position = rows[-1][0] + 1

    def snapshot(self, position: int) -> Snapshot | None:
        """Return the latest snapshot at or before a position."""
        row = self._one(
            "SELECT position, heads FROM snapshots WHERE position <= ? ORDER BY position DESC LIMIT 1", (position,)
        )
        if row is None:
            return None
        at, lines = snapshot_of(row)
        return Snapshot(at, heads_in(at, lines))

    def snapshot_positions(self) -> list[int]:
        """Return the positions of all snapshots, in order."""
        return [row[0] for row in self._all("SELECT position FROM snapshots ORDER BY position", ())]

    def snapshot_lines(self, position: int) -> bytes:
        """Return the unpacked bytes of one snapshot."""
        row = self._one("SELECT position, heads FROM snapshots WHERE position = ?", (position,))
        if row is None:
            raise NotFound(f"There is no snapshot of position {position}.", fix=("orch rebuild",))
        return snapshot_of(row)[1]

    def pages(self, columns: Sequence[str], first: int, last: int) -> Iterator[list[Row]]:
        """Yield some columns of the records between two positions; a page ends where a full tile ends."""
        query = (
            f"SELECT {', '.join(columns)} FROM events WHERE position >= ? AND position <= ?"
            f" ORDER BY position LIMIT {TILE}"
        )
        while first <= last:
            until = min(last, first + TILE - 1 - (first - 1) % TILE)
            yield page_of(self._all(query, (first, until)), columns)
            first = until + 1

    def moment(self, position: int | None = None) -> Moment:
        """Return the moment of a position, or of the last one."""
        latest = moment_of(next((row[1:3] for row in self._all(MOMENT, ())), None))
        if position is None or position == latest.position:
            return latest
        if not 0 <= position <= latest.position:
            raise NotFound(
                f"The log ends at position {latest.position}; there is no position {position}.",
                fix=(f"orch list --at position:{latest.position}",),
            )
        return Moment(position, self._recorded_at(position) if position else None, self._recorded_at(position + 1))

    def moment_at(self, recorded_at: int) -> Moment:
        """Bisect the positions for a time: recorded time only grows, so it needs no index of its own."""
        before, after = 0, self.moment().position + 1
        while after - before > 1:
            middle = (before + after) // 2
            if self._recorded_at(middle) <= recorded_at:
                before = middle
            else:
                after = middle
        return self.moment(before)

    def tree(self) -> TreeHead:
        """Return the tree head that was kept with the last append."""
        size, frontier, _ = tree_of(self._one(TREE))
        return TreeHead(size, root_of(frontier), tuple(frontier))

    def tile(self, level: int, number: int) -> bytes | None:
        """Return a full tile, or None while it is not full."""
        return tile_of(self._one("SELECT hashes FROM tiles WHERE level = ? AND number = ?", (level, number)))

    def hashes(self, level: int, start: int, stop: int) -> list[bytes]:
        """Return hashes of a tile level: the leaves, or the roots of the full tiles below."""
        if level == 0:
            return hashes_of(self._all(LEAVES, (start, stop)))
        return hashes_of(self._all(ROOTS, (level - 1, start, stop)))

    def notes(self) -> dict[str, str]:
        """Return what the store keeps about itself beside the log: not part of the tree, so nobody's proof."""
        return {str(key): str(value) for key, value in self._all("SELECT key, value FROM store", ())}

    def _heads(self, query: str, values: tuple[str, ...]) -> tuple[Moment, dict[str, Head]]:
        """Return heads by name, and the moment they belong to; one statement sees one state of the log."""
        tree = None
        heads = {}
        for row in self._all(query, values):
            if row[0] is None:
                tree = row[1:3]
            else:
                heads[row[0]] = head_of(row)
        return moment_of(tree), dict(sorted(heads.items()))

    def _recorded_at(self, position: int) -> int:
        row = self._one("SELECT recorded_at FROM events WHERE position = ?", (position,))
        if row is None or type(row[0]) is not int:
            raise Damaged(f"{self.where} lacks position {position}.")
        return row[0]

    def _upto(self, position: int | None) -> int:
        return self.moment().position if position is None else position

"""The event log in one SQLite file."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from operator import attrgetter
from os import urandom
from pathlib import Path
from threading import RLock
from time import time_ns
from types import TracebackType
from typing import Any, Self

import apsw

from adapters.envelope import canonical
from adapters.envelope import told as told_by
from adapters.file_systems import refuse_network
from adapters.group_commit import GroupCommit
from adapters.sqlite_append import Appender, PreparedDecision, find_receipt
from adapters.sqlite_connection import connect, spoken
from adapters.sqlite_rows import (
    COLUMNS,
    HASH,
    LEAVES,
    ROOTS,
    VERSION,
    hashes_of,
    head_of,
    moment_of,
    record_of,
    records_of,
    tile_of,
    tree_of,
)
from adapters.writers_queue import WritersQueue
from domain.errors import Damaged, NotFound, Refusal, Unavailable
from domain.event_log import Decision, Head, Moment, Receipt, Record, Told, TreeHead
from domain.merkle import root_of

PAGE = 500
"""Rows fetched at a time by the reads that go through history."""
WAL_PAGES = 1000
"""The writer checkpoints a longer WAL while it still holds the queue."""
LAST_CHARACTER = "\U0010ffff"
TIMEOUT_S = 30.0


def system_clock() -> int:
    """Return the machine's clock in µs since the epoch."""
    return time_ns() // 1000


class SqliteLog:
    """The port `EventLog` on SQLite. May be shared by threads; a forked child opens its own."""

    def __init__(
        self, path: Path, *, read_only: bool, clock: Callable[[], int], timeout_s: float, vfs: str | None
    ) -> None:
        self._path = path
        self._read_only = read_only
        self._clock = clock
        self._file = _file_at(path)
        self._connect = partial(connect, path, timeout_s=timeout_s, vfs=vfs)
        self._reader = self._connect(read_only=True)
        self._reading = RLock()
        self._writer: apsw.Connection | None = None
        self._wal_pages = 0
        self._queue = WritersQueue(path.with_name(f"{path.name}-writers"), timeout_s=timeout_s)
        self._commits: GroupCommit[list[PreparedDecision], list[Receipt | Refusal]] = GroupCommit(self._write)
        row = self._one("SELECT value FROM store WHERE key = 'origin'")
        if row is None:
            raise Damaged(f"{path} does not say which log it is.")
        self._origin: str = row[0]

    @classmethod
    def create(
        cls, path: Path, origin: str, *, clock: Callable[[], int] = system_clock, timeout_s: float = TIMEOUT_S
    ) -> Self:
        """Make a new, empty log and open it. Raises `AlreadyExists`; never leaves a half-made file in its place."""
        from adapters.sqlite_creation import make_log

        make_log(path, origin, timeout_s=timeout_s)
        return cls.open(path, clock=clock, timeout_s=timeout_s)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        read_only: bool = False,
        clock: Callable[[], int] = system_clock,
        timeout_s: float = TIMEOUT_S,
        vfs: str | None = None,
    ) -> Self:
        """Open a log that exists."""
        try:
            there = path.is_file()
        except PermissionError as error:
            raise Unavailable(f"{path}: {error.strerror}.") from error
        if not there:
            raise NotFound(f"There is no log at {path}.", fix=("orch init",))
        if not read_only:
            refuse_network(path.parent)
        return cls(path, read_only=read_only, clock=clock, timeout_s=timeout_s, vfs=vfs)

    @property
    def origin(self) -> str:
        """The log's name."""
        return self._origin

    def append(self, decisions: Sequence[Decision]) -> list[Receipt | Refusal]:
        """Write decisions durably, as the port says; callers in several threads share one commit."""
        if self._read_only:
            raise Unavailable(f"{self._path} was opened for reading only.")
        return self._commits.submit([self._prepared(decision) for decision in decisions])

    def receipt(self, command_id: str) -> tuple[Receipt, str | None] | None:
        """Return the receipt and the fingerprint of a recorded command."""
        with self._reading, spoken(self._path):
            return find_receipt(self._reader.execute, command_id)

    def heads(self, streams: Sequence[str]) -> tuple[Moment, dict[str, Head]]:
        """Return the heads of those streams that exist, all as of one moment."""
        return self._heads(f"stream IN ({', '.join('?' * len(streams))})", tuple(streams))

    def heads_below(self, prefix: str) -> tuple[Moment, dict[str, Head]]:
        """Return the heads of all streams that begin so, ordered by name."""
        return self._heads("stream >= ? AND stream < ?", (prefix, f"{prefix}{LAST_CHARACTER}"))

    def told(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Told]:
        """Return what the events at those places say."""
        query = f"SELECT {COLUMNS} FROM events WHERE stream = ? AND version = ?"
        found = {}
        for place in places:
            row = self._one(query, place)
            if row is None:
                raise Damaged(f"{self._path} lacks version {place[1]} of {place[0]}, which its head names.")
            found[place] = told_by(record_of(row))
        return found

    def stream(self, stream: str, *, upto: int | None = None) -> Iterator[Record]:
        """Yield the records of one stream in order, up to and including a position."""
        query = (
            f"SELECT {COLUMNS} FROM events WHERE stream = ? AND version > ? AND position <= ?"
            f" ORDER BY version LIMIT {PAGE}"
        )
        version, last = 0, self._upto(upto)
        while rows := self._all(query, (stream, version, last)):
            yield from records_of(rows, column=VERSION, after=version)
            version = rows[-1][VERSION]

    def records(self, first: int = 1, last: int | None = None) -> Iterator[Record]:
        """Yield the records between two positions, both included, in order."""
        query = f"SELECT {COLUMNS} FROM events WHERE position >= ? AND position <= ? ORDER BY position LIMIT {PAGE}"
        position, last = first, self._upto(last)
        while rows := self._all(query, (position, last)):
            yield from records_of(rows, column=0, after=position - 1)
            position = rows[-1][0] + 1

    def moment(self, position: int | None = None) -> Moment:
        """Return the moment of a position, or of the last one."""
        latest, _ = self._heads("FALSE", ())
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
        size, frontier, _ = tree_of(self._one("SELECT size, frontier, recorded_at FROM tree"))
        return TreeHead(size, root_of(frontier), tuple(frontier))

    def tile(self, level: int, number: int) -> bytes | None:
        """Return a full tile, or None while it is not full."""
        return tile_of(self._one("SELECT hashes FROM tiles WHERE level = ? AND number = ?", (level, number)))

    def hashes(self, level: int, start: int, stop: int) -> list[bytes]:
        """Return hashes of a tile level: the leaves, or the roots of the full tiles below."""
        if level == 0:
            return hashes_of(self._all(LEAVES, (start, stop)))
        return hashes_of(self._all(ROOTS, (level - 1, start, stop)))

    def close(self) -> None:
        """Let go of the file. The WAL stays: the next writer goes on with it."""
        self._reader.close()
        if self._writer is not None:
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _prepared(self, decision: Decision) -> PreparedDecision:
        """Make all bytes of a decision before any lock is taken."""
        from adapters.codec import encode

        written = {event.originator_id for event in decision.events}
        if not written or written != decision.heads.keys() or not written <= decision.expects.keys():
            raise ValueError(f"a decision names the head and the version read of every stream it writes: {written}")
        versions = dict(decision.expects)
        for event in decision.events:
            versions[event.originator_id] += 1
            if event.originator_version != versions[event.originator_id]:
                raise ValueError(f"{event.originator_id} goes on with version {versions[event.originator_id]}: {event}")
        salts = urandom(HASH * len(decision.events))
        events = [
            encode(
                event,
                origin=self._origin,
                command_id=decision.command_id,
                causation=decision.causation,
                correlation=decision.correlation,
                salt=salts[i * HASH : (i + 1) * HASH],
            )
            for i, event in enumerate(decision.events)
        ]
        heads = {stream: canonical(facts) for stream, facts in decision.heads.items()}
        return PreparedDecision(decision.command_id, decision.fingerprint, events, heads, decision.expects)

    def _write(self, batch: list[list[PreparedDecision]]) -> list[list[Receipt | Refusal]]:
        """Write what several callers brought, in one transaction, and return after the commit reached the disk."""
        with self._queue.turn(), spoken(self._path):
            if _file_at(self._path) != self._file:
                raise Unavailable(f"{self._path} was replaced while it was open; nothing was recorded.")
            writer = self._writer = self._writer or self._opened_to_write()
            writer.execute("BEGIN IMMEDIATE")
            try:
                alone = len(batch) == len(batch[0]) == 1
                appender = Appender(writer, self._clock)
                append = appender.append if alone else appender.append_apart
                answers = [[append(decision) for decision in decisions] for decisions in batch]
                appender.finish()
                writer.execute("COMMIT")
            except BaseException:
                if writer.in_transaction:
                    writer.execute("ROLLBACK")
                raise
            if self._wal_pages > WAL_PAGES:
                # No other writer of ours can be at work now, so the WAL cannot be reset under anybody's hands.
                # What was committed is durable without it, so whatever goes wrong here is no answer to a command:
                # where the disk is full or somebody else checkpoints, a later writer tries again.
                with suppress(apsw.Error):
                    writer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        return answers

    def _opened_to_write(self) -> apsw.Connection:
        writer = self._connect(read_only=False)
        writer.set_wal_hook(self._note_wal)
        return writer

    def _note_wal(self, _writer: apsw.Connection, _name: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _heads(self, which: str, values: tuple[str, ...]) -> tuple[Moment, dict[str, Head]]:
        """Return heads and the moment they belong to; one statement sees one state of the log."""
        query = (  # measured: half the time of a join
            "SELECT NULL, size, recorded_at, NULL FROM tree"
            f" UNION ALL SELECT stream, version, position, facts FROM heads WHERE {which}"
        )
        rows = self._all(query, values)
        tree = next((row[1:3] for row in rows if row[0] is None), None)
        heads = sorted((head_of(row) for row in rows if row[0] is not None), key=attrgetter("stream"))
        return moment_of(tree), {head.stream: head for head in heads}

    def _recorded_at(self, position: int) -> int:
        row = self._one("SELECT recorded_at FROM events WHERE position = ?", (position,))
        if row is None or type(row[0]) is not int:
            raise Damaged(f"{self._path} lacks position {position}.")
        return row[0]

    def _upto(self, position: int | None) -> int:
        return self.moment().position if position is None else position

    def _one(self, query: str, values: tuple[Any, ...] = ()) -> tuple[Any, ...] | None:
        with self._reading, spoken(self._path):
            return self._reader.execute(query, values).fetchone()

    def _all(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._reading, spoken(self._path):
            return self._reader.execute(query, values).fetchall()


def _file_at(path: Path) -> tuple[int, int]:
    """Tell files apart that bear the same name one after the other."""
    try:
        found = path.stat()
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}.") from error
    return found.st_dev, found.st_ino

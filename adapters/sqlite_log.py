"""The event log in one SQLite file."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Lock
from time import time_ns
from typing import ClassVar, Self

import apsw

from adapters.envelope import canonical
from adapters.file_systems import refuse_network
from adapters.log_notes import refuse_elsewhere, refuse_ended
from adapters.log_rows import TREE, tree_of
from adapters.shared_commits import Answers, Portion, SharedCommits
from adapters.snapshots import lines_of, packed
from adapters.sqlite_append import PUT_HEAD, Appender
from adapters.sqlite_connection import connect, refuse_away, refuse_outdated, spoken
from adapters.sqlite_reads import SqliteReads
from adapters.writers_queue import WritersQueue
from domain.errors import Damaged, HandsNeeded, NotFound, StoreReplaced, Unavailable
from domain.event_log import Head

WAL_PAGES = 1000
"""The writer checkpoints a longer WAL while it still holds the queue."""
TIMEOUT_S = 30.0


def system_clock() -> int:
    """Return the machine's clock in µs since the epoch."""
    return time_ns() // 1000


class SqliteLog(SharedCommits, SqliteReads):
    """The port `EventLog` on SQLite. May be shared by threads; a forked child opens its own."""

    PROMOTES: ClassVar[bool] = False
    """Whether this writes the one command that makes a recovered store a log of its own."""

    def __init__(
        self, path: Path, *, read_only: bool, clock: Callable[[], int], timeout_s: float, vfs: str | None
    ) -> None:
        self._file = _file_at(path)
        self._connect = partial(connect, path, timeout_s=timeout_s, vfs=vfs)
        super().__init__(path, self._connect(read_only=True))
        self._read_only = read_only
        self._clock = clock
        self._writer: apsw.Connection | None = None
        self._writes, self._is_closed = Lock(), False
        self._wal_pages = 0
        self._wal_was_cut = False
        self._timeout_s = timeout_s
        self._queue = WritersQueue(path.with_name(f"{path.name}-writers"), timeout_s=timeout_s)
        self._share_commits(timeout_s=timeout_s)
        try:
            self._origin = self._judged(path)
        except BaseException:
            self.close()  # whoever keeps the error would keep the file open with it
            raise

    def _judged(self, path: Path) -> str:
        """Return the log's name, or refuse to go on with what was opened."""
        if not self._read_only:
            refuse_outdated(self._reader, path)
        if _file_at(path) != self._file:
            raise Unavailable(f"{path} was replaced while it was opened; repeat the command.")
        notes = self.noted = self.notes()
        if "origin" not in notes:
            raise Damaged(f"{path} does not say which log it is.")
        if not self._read_only:
            refuse_ended(path.parent, notes, promotes=self.PROMOTES)
        return notes["origin"]

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
            raise HandsNeeded(f"{path}: {error.strerror}.") from error
        if not there:
            raise NotFound(f"There is no log at {path}.", fix=("orch init",))
        if not read_only:
            refuse_network(path.parent)
        return cls(path, read_only=read_only, clock=clock, timeout_s=timeout_s, vfs=vfs)

    @property
    def origin(self) -> str:
        """The log's name."""
        return self._origin

    def word(self, key: str) -> str | None:
        """Return what the store itself keeps under a key: its origin, and where a log made anew comes from."""
        row = self._one("SELECT value FROM store WHERE key = ?", (key,))
        return None if row is None else str(row[0])

    def scrub(self) -> None:
        """Move the WAL into the file and cut it to nothing: it holds the pages as they were before an erasure."""
        self._refuse_reader()
        with self._queue.turn(), self._writes, spoken(self._path):
            writer = self._to_write()
            try:
                writer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            except (apsw.BusyError, apsw.LockedError, apsw.FullError) as error:
                full = isinstance(error, apsw.FullError)
                why = "the disk is full" if full else "somebody reads an older state of the log"
                raise Unavailable(f"{self._path}-wal still holds what was erased, because {why}.") from error

    def keep_snapshot(self, position: int, heads: Mapping[str, Head]) -> None:
        """Keep the heads of all streams as of a position."""
        row = position, packed(lines_of(heads))
        with self._writing() as writer:
            writer.execute("INSERT OR IGNORE INTO snapshots VALUES (?, ?)", row)

    def forget_snapshots(self) -> None:
        """Throw all snapshots away."""
        with self._writing() as writer:
            writer.execute("DELETE FROM snapshots")

    def replace_heads(self, position: int, heads: Mapping[str, Head]) -> bool:
        """Put these heads in the place of all kept ones, unless the log has grown since."""
        rows = [(head.stream, head.version, head.position, canonical(head.facts)) for head in heads.values()]
        with self._writing() as writer:
            if tree_of(writer.execute(TREE).fetchone())[0] != position:
                return False
            writer.execute("DELETE FROM heads")
            writer.executemany(PUT_HEAD, rows)
        return True

    def close(self) -> None:
        """Let go of the file, once other threads have ended what they began.

        The WAL stays: the next writer goes on with it.
        """
        self._end_commits()
        with self._reading:
            self._reader.close()
        with self._writes:
            self._is_closed = True
            if self._writer is not None:
                self._writer.close()

    def _refuse_reader(self) -> None:
        if self._read_only:
            raise Unavailable(f"{self._path} was opened for reading only.")

    def _write(self, batch: list[Portion]) -> list[Answers]:
        """Write what several callers brought, in one transaction, and return after the commit reached the disk."""
        with self._writing() as writer:
            alone = len(batch) == len(batch[0]) == 1
            appender = Appender(writer, self._clock)
            append = appender.append if alone else appender.append_apart
            answers = [[append(decision) for decision in decisions] for decisions in batch]
            appender.finish()
            self._before_commit(writer)
        return answers

    @contextmanager
    def _writing(self) -> Iterator[apsw.Connection]:
        """Hold the writers' queue and a transaction, committed durably when the block ends well."""
        with self._queue.turn(), self._writes, spoken(self._path):
            self.refuse_replaced()
            writer = self._to_write()
            writer.execute("BEGIN IMMEDIATE")
            try:
                yield writer
                writer.execute("COMMIT")
            except BaseException:
                if writer.in_transaction:
                    writer.execute("ROLLBACK")
                raise
            if self._wal_pages > WAL_PAGES:
                self._shorten_wal(writer)

    def _shorten_wal(self, writer: apsw.Connection) -> None:
        """Move the WAL into the file, and cut it to nothing when that is done here for the first time.

        What is moved already is known only as long as a connection is open. Where each command is a process, the next
        one would read the whole WAL, go on behind its end and move all of it again, for ever more. A connection that
        stays open begins the WAL anew by itself and writes over it, which is faster than to let it grow.

        No other writer of ours can be at work now, so the WAL cannot be reset under anybody's hands. What was
        committed is durable without this, so whatever goes wrong here is no answer to a command: where the disk is
        full, somebody reads an older state or checkpoints, too, a later writer tries again.
        """
        mode = apsw.SQLITE_CHECKPOINT_PASSIVE if self._wal_was_cut else apsw.SQLITE_CHECKPOINT_TRUNCATE
        writer.set_busy_timeout(0)
        with suppress(apsw.Error):
            writer.wal_checkpoint(mode=mode)
            self._wal_was_cut = True
        writer.set_busy_timeout(int(self._timeout_s * 1000))

    def refuse_replaced(self) -> None:
        """Refuse to go on where another file has the name of the one that is open, which nobody else reads any more."""
        if _file_at(self._path) != self._file:
            raise StoreReplaced(str(self._path))

    def refuse_ended(self) -> None:
        """Refuse to go on with a log that was replaced, or that a move has left: what it says is of yesterday soon."""
        self.refuse_replaced()
        refuse_elsewhere(self._path, self.notes())

    def refuse_away(self) -> None:
        """Refuse where the file cannot be opened anew. Raises `FilesUnavailable`."""
        refuse_away(self._path)

    def _before_commit(self, writer: apsw.Connection) -> None:
        """What else belongs into the transaction; nothing, in a log that goes on as it is."""

    def _to_write(self) -> apsw.Connection:
        """Return the connection that writes, opened by whoever needs it first."""
        if self._is_closed:
            raise apsw.ConnectionClosedError
        self._writer = self._writer or self._opened_to_write()
        return self._writer

    def _opened_to_write(self) -> apsw.Connection:
        writer = self._connect(read_only=False)
        writer.set_wal_hook(self._note_wal)
        return writer

    def _note_wal(self, _writer: apsw.Connection, _name: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK


def _file_at(path: Path) -> tuple[int, int]:
    """Tell files apart that bear the same name one after the other."""
    try:
        found = path.stat()
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}.") from error
    return found.st_dev, found.st_ino

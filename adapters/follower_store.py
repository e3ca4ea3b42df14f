"""What follows the log, in a SQLite file of its own: its rows and how far it is change in one transaction."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ELOOP
from pathlib import Path
from typing import Any

import apsw

from domain.errors import Unavailable
from domain.following import Followed, FollowerBroken

FOLLOWED = """
CREATE TABLE followed (
    one INTEGER PRIMARY KEY CHECK (one = 1), origin TEXT NOT NULL, position INTEGER NOT NULL, root TEXT NOT NULL
) STRICT;
"""
BUSY_MS = 1000


class FollowerStore:
    """Tables that are made from a log, and their position. Whoever uses it holds the lock beside it (`FollowerFile`).

    A projection adds `take`, which changes its rows inside of `taking`, and is a `Follower` then.
    `form` is counted up whenever the tables, or what stands in them, change: a file of another form is made anew.
    """

    most = 2_000
    """Events that are taken in at once."""

    def __init__(self, path: Path | None, *, tables: str = "", form: int = 1) -> None:
        """Open the file; one that is none, or of another form, is replaced. None: a store in memory."""
        self._path, self._tables, self._form = path, tables, form
        try:
            self._connection = self._opened()
        except FollowerBroken:
            self._begin_anew()

    def followed(self) -> Followed | None:
        """Return how far it is."""
        with spoken():
            return followed_in(self._connection)

    @contextmanager
    def taking(self, upto: Followed) -> Iterator[apsw.Connection]:
        """Change rows in one transaction, and say in the same how far it is then."""
        with spoken(), self._connection:
            yield self._connection
            self._connection.execute("INSERT OR REPLACE INTO followed VALUES (1, ?, ?, ?)", upto)

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return the answer to a question."""
        with spoken():
            return self._connection.execute(query, values).fetchall()

    def begin_anew(self) -> None:
        """Throw everything away, the file and what SQLite keeps beside it: in whatever state it is, nothing is left."""
        self._connection.close()
        self._begin_anew()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _begin_anew(self) -> None:
        if self._path is not None:
            remove(self._path)
        self._connection = self._opened()

    def _opened(self) -> apsw.Connection:
        """Open the file and see that it has our tables; a new one gets them. Raises `FollowerBroken` for others."""
        if self._path is not None:  # only its owner reads what SQLite would make for everybody
            _make_ours(self._path)
        with spoken():
            connection = apsw.Connection(":memory:" if self._path is None else str(self._path))
            try:
                connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
                connection.set_busy_timeout(BUSY_MS)
                # A rollback journal, cut to nothing at each commit: a WAL would keep the pages as they were before an
                # erasure. Each pragma by itself: what comes after one that answers would wait for its rows to be read.
                for name, value in (("journal_mode", "TRUNCATE"), ("synchronous", "FULL"), ("secure_delete", "ON")):
                    connection.pragma(name, value)
                form = connection.pragma("user_version")
                if form == 0 and _is_empty(connection):
                    with connection:
                        connection.execute(f"{FOLLOWED}{self._tables}; PRAGMA user_version = {self._form}")
                elif form != self._form:
                    raise FollowerBroken(f"it has form {form}, not {self._form}")
                return connection
            except BaseException:
                connection.close()
                raise


def _make_ours(path: Path) -> None:
    """Make the file unless it is there. What a link leads to is none of ours, and is neither read nor written."""
    with files_spoken():
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        except OSError as error:
            if error.errno != ELOOP:
                raise
            raise FollowerBroken("it is a symbolic link") from None


def remove(path: Path) -> None:
    """Remove a store and what SQLite keeps beside it."""
    with files_spoken():
        for end in ("", "-journal"):
            path.with_name(f"{path.name}{end}").unlink(missing_ok=True)


def glance(path: Path, *, mends: bool = False) -> Followed | None:
    """Return how far a store is; None where there is none, or where it holds nothing yet.

    Whoever holds it may let SQLite undo what was left half done. Without holding it, `FollowerBroken` may only mean
    that somebody is making it, and `Unavailable` that it is busy.
    """
    if not os.path.lexists(path):
        return None
    if path.is_symlink():
        raise FollowerBroken("it is a symbolic link")
    with spoken():
        connection = apsw.Connection(
            str(path), flags=apsw.SQLITE_OPEN_READWRITE if mends else apsw.SQLITE_OPEN_READONLY
        )
        try:
            connection.set_busy_timeout(BUSY_MS)
            return None if _is_empty(connection) else followed_in(connection)
        finally:
            connection.close()


def _is_empty(connection: apsw.Connection) -> bool:
    """Tell whether there is no table yet: somebody was ended, or is, between making the file and making them."""
    return connection.execute("SELECT 1 FROM sqlite_schema").fetchone() is None


def followed_in(connection: apsw.Connection) -> Followed | None:
    """Return how far the store behind a connection is."""
    row = connection.execute("SELECT origin, position, root FROM followed").fetchone()
    return None if row is None else Followed(*row)


@contextmanager
def spoken() -> Iterator[None]:
    """Tell a store that is none any more from one that cannot be used now."""
    try:
        yield
    except (apsw.CorruptError, apsw.NotADBError, apsw.FormatError, apsw.SQLError, UnicodeDecodeError) as error:
        raise FollowerBroken(str(error)) from error
    except (apsw.ConstraintError, apsw.MismatchError, apsw.RangeError) as error:
        raise FollowerBroken(str(error)) from error
    except apsw.FullError as error:
        raise Unavailable("The disk is full: what follows the log cannot grow.") from error
    except apsw.Error as error:
        raise Unavailable(f"What follows the log cannot be used: {error}.") from error


@contextmanager
def files_spoken() -> Iterator[None]:
    """Say in words what the file system refused."""
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{error.filename}: {error.strerror}.") from error

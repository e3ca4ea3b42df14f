"""The full-text index in a SQLite file of its own (FTS5): thrown away and made anew whenever there is any doubt."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import apsw

from domain.errors import Unavailable
from domain.text_index import Followed, IndexBroken, IndexedText, Place

FORM = 1
"""Counted up whenever the tables or the words in them change: an index of another form is made anew."""
PART_BITS = 22
PAGE = 200
"""Places that one question returns."""
SCHEMA = f"""
CREATE TABLE followed (
    one INTEGER PRIMARY KEY CHECK (one = 1), origin TEXT NOT NULL, position INTEGER NOT NULL, root TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE texts USING fts5(place, words, columnsize = 0, tokenize = "ascii tokenchars '_'");
INSERT INTO texts(texts, rank) VALUES('secure-delete', 1);
PRAGMA user_version = {FORM};
"""
FIND = "SELECT rowid FROM texts WHERE texts MATCH ? AND rowid <= ? ORDER BY rowid DESC LIMIT ?"
"""FTS5 walks the rows of its own index backwards and stops at the limit: no table is scanned, nothing is sorted."""


class SearchIndex:
    """The port `TextIndex` on SQLite. Whoever uses it holds the lock beside it: one process at a time."""

    def __init__(self, path: Path | None) -> None:
        """Open the index; a file that is none, or of another form, is replaced. None: an index in memory."""
        self._path = path
        try:
            self._connection = _opened(path)
        except IndexBroken:
            self._begin_anew()

    def followed(self) -> Followed | None:
        """Return how far the index is."""
        with _spoken():
            row = self._connection.execute("SELECT origin, position, root FROM followed").fetchone()
        return None if row is None else Followed(*row)

    def add(self, texts: Iterable[IndexedText], erased: Sequence[int], upto: Followed) -> None:
        """Take in a batch in one transaction, its position with its rows."""
        with _spoken(), self._connection:
            rows = ((_rowid(each[0], each[1]), _tags(each.kind, each.phase), each.words) for each in texts)
            self._connection.executemany("INSERT INTO texts(rowid, place, words) VALUES (?, ?, ?)", rows)
            for position in erased:  # known once the texts have gone by
                self._delete(position)
            self._connection.execute("INSERT OR REPLACE INTO followed VALUES (1, ?, ?, ?)", upto)

    def forget(self, position: int) -> None:
        """Remove the rows of a position, their words from the index, and their bytes from the file."""
        with _spoken(), self._connection:
            self._delete(position)

    def find(
        self,
        phrases: Sequence[Sequence[str]],
        *,
        upto: int,
        kind: str | None = None,
        phase: str | None = None,
        before: Place | None = None,
    ) -> list[Place]:
        """Return a page of places, the latest first."""
        last = _rowid(upto + 1, 0) - 1
        if before is not None:
            last = min(last, _rowid(before.position, before.part) - 1)
        with _spoken():
            found = self._connection.execute(FIND, (_query(phrases, kind, phase), last, PAGE)).fetchall()
        return [_place(row) for (row,) in found]

    def holds(self, texts: Iterable[IndexedText]) -> bool:
        """Tell whether the index holds exactly these texts, and finds each of their words."""
        with _spoken():
            rows = self._connection.execute("SELECT rowid, place, words FROM texts ORDER BY rowid")
            for each in texts:
                if next(rows, None) != (_rowid(each.position, each.part), _tags(each.kind, each.phase), each.words):
                    return False
            if next(rows, None) is not None:
                return False
            self._connection.execute("INSERT INTO texts(texts, rank) VALUES('integrity-check', 1)")
        return True

    def clear(self) -> None:
        """Throw everything away, the file and what SQLite keeps beside it: in whatever state it is, nothing is left."""
        self._connection.close()
        self._begin_anew()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def plan(self, phrases: Sequence[Sequence[str]], *, upto: int, kind: str | None, phase: str | None) -> list[str]:
        """Return how SQLite answers `find`."""
        asked = (_query(phrases, kind, phase), _rowid(upto + 1, 0) - 1, PAGE)
        return [str(row[3]) for row in self._connection.execute(f"EXPLAIN QUERY PLAN {FIND}", asked)]

    def _begin_anew(self) -> None:
        if self._path is not None:
            for end in ("", "-journal"):
                self._path.with_name(f"{self._path.name}{end}").unlink(missing_ok=True)
        self._connection = _opened(self._path)

    def _delete(self, position: int) -> None:
        first, after = _rowid(position, 0), _rowid(position + 1, 0)
        self._connection.execute("DELETE FROM texts WHERE rowid >= ? AND rowid < ?", (first, after))


def _opened(path: Path | None) -> apsw.Connection:
    """Open a file and see that it has our tables; a new one gets them. Raises `IndexBroken` for anything else."""
    if path is not None:  # only its owner reads what SQLite would make for everybody
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    with _spoken():
        connection = apsw.Connection(":memory:" if path is None else str(path))
        try:
            connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
            connection.set_busy_timeout(1000)
            # A rollback journal, cut to nothing at each commit: a WAL would keep the pages as they were before an
            # erasure. Each pragma by itself: what comes after one that answers would wait for its rows to be read.
            for name, value in (("journal_mode", "TRUNCATE"), ("synchronous", "FULL"), ("secure_delete", "ON")):
                connection.pragma(name, value)
            form = connection.pragma("user_version")
            if form == 0 and connection.execute("SELECT 1 FROM sqlite_schema").fetchone() is None:
                with connection:
                    connection.execute(SCHEMA)
            elif form != FORM:
                raise IndexBroken(f"the index has form {form}, not {FORM}")
            return connection
        except BaseException:
            connection.close()
            raise


def _rowid(position: int, part: int) -> int:
    return (position << PART_BITS) + part


def _place(row: Any) -> Place:
    """Return the place that a row stands for; SQLite has no other numbers than whole ones for it."""
    return Place(row >> PART_BITS, row & ((1 << PART_BITS) - 1))


def _tags(kind: str | None, phase: str | None) -> str:
    """Return words that no text has, for what a row is about: a filter is one more word to look for."""
    return f"{_tag('kind', kind or '')} {_tag('phase', phase or '')}"


def _tag(name: str, value: str) -> str:
    return f"{name}{sha256(value.encode()).hexdigest()}"


def _query(phrases: Sequence[Sequence[str]], kind: str | None, phase: str | None) -> str:
    """Return the question in the language of FTS5; every word is quoted, and so none is an operator."""
    asked = [f'words : "{" ".join(phrase)}"' for phrase in phrases]
    asked += [f'place : "{_tag(name, value)}"' for name, value in (("kind", kind), ("phase", phase)) if value]
    return " AND ".join(asked)


@contextmanager
def _spoken() -> Iterator[None]:
    """Tell an index that is none any more from one that cannot be used now."""
    try:
        yield
    except (apsw.CorruptError, apsw.NotADBError, apsw.FormatError, apsw.SQLError, UnicodeDecodeError) as error:
        raise IndexBroken(str(error)) from error
    except (apsw.ConstraintError, apsw.MismatchError, apsw.RangeError) as error:
        raise IndexBroken(str(error)) from error
    except apsw.FullError as error:
        raise Unavailable("The disk is full: the search index cannot grow.") from error
    except apsw.Error as error:
        raise Unavailable(f"The search index cannot be used: {error}.") from error

"""The full-text index in a SQLite file of its own (FTS5): thrown away and made anew whenever there is any doubt."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from adapters.follower_store import FollowerStore, spoken
from domain.following import Followed
from domain.text_index import IndexedText, Place

FORM = 1
"""Counted up whenever the tables or the words in them change: an index of another form is made anew."""
PART_BITS = 22
PAGE = 200
"""Places that one question returns."""
TABLES = """
CREATE VIRTUAL TABLE texts USING fts5(place, words, columnsize = 0, tokenize = "ascii tokenchars '_'");
INSERT INTO texts(texts, rank) VALUES('secure-delete', 1);
"""
FIND = "SELECT rowid FROM texts WHERE texts MATCH ? AND rowid <= ? ORDER BY rowid DESC LIMIT ?"
"""FTS5 walks the rows of its own index backwards and stops at the limit: no table is scanned, nothing is sorted."""


class SearchIndex(FollowerStore):
    """The port `TextIndex` on SQLite. Whoever uses it holds the lock beside it: one process at a time."""

    def __init__(self, path: Path | None) -> None:
        """Open the index; a file that is none, or of another form, is replaced. None: an index in memory."""
        super().__init__(path, tables=TABLES, form=FORM)

    def add(self, texts: Iterable[IndexedText], erased: Sequence[int], upto: Followed) -> None:
        """Take in a batch in one transaction, its position with its rows."""
        with self.taking(upto) as connection:
            rows = ((_rowid(each[0], each[1]), _tags(each.kind, each.phase), each.words) for each in texts)
            connection.executemany("INSERT INTO texts(rowid, place, words) VALUES (?, ?, ?)", rows)
            for position in erased:  # known once the texts have gone by
                self._delete(position)

    def forget(self, position: int) -> None:
        """Remove the rows of a position, their words from the index, and their bytes from the file."""
        with spoken(), self._connection:
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
        found = self.rows(FIND, (_query(phrases, kind, phase), last, PAGE))
        return [_place(row) for (row,) in found]

    def holds(self, texts: Iterable[IndexedText]) -> bool:
        """Tell whether the index holds exactly these texts, and finds each of their words."""
        with spoken():
            rows = self._connection.execute("SELECT rowid, place, words FROM texts ORDER BY rowid")
            for each in texts:
                if next(rows, None) != (_rowid(each.position, each.part), _tags(each.kind, each.phase), each.words):
                    return False
            if next(rows, None) is not None:
                return False
            self._connection.execute("INSERT INTO texts(texts, rank) VALUES('integrity-check', 1)")
        return True

    def plan(self, phrases: Sequence[Sequence[str]], *, upto: int, kind: str | None, phase: str | None) -> list[str]:
        """Return how SQLite answers `find`."""
        asked = (_query(phrases, kind, phase), _rowid(upto + 1, 0) - 1, PAGE)
        return [str(row[3]) for row in self._connection.execute(f"EXPLAIN QUERY PLAN {FIND}", asked)]

    def _delete(self, position: int) -> None:
        first, after = _rowid(position, 0), _rowid(position + 1, 0)
        self._connection.execute("DELETE FROM texts WHERE rowid >= ? AND rowid < ?", (first, after))


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

"""The way back from an upgrade in PostgreSQL: it is checked in its own transaction, which is rolled back if need be."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from adapters.log_rows import Row
from adapters.measured import measured
from adapters.postgres_connection import Line
from adapters.postgres_log import SCHEMA_VERSION, PostgresLog
from adapters.postgres_words import spoken
from domain.errors import Damaged, Refusal, UpgradeUndone


@contextmanager
def the_same_after(connection: "psycopg.Connection[Row]", where: str, before: int) -> Iterator[None]:
    """Read the whole log before and after the block, as the transaction sees it. Raises `UpgradeUndone`.

    Raised within the transaction, that rolls it back: nobody else has seen anything of it.
    """
    known = measured(_Within(connection, where))
    try:
        with spoken(where):
            yield
            log = _Within(connection, where)
            if log.schema_version != SCHEMA_VERSION or measured(log) != known:
                raise Damaged("events, tree or state are not what they were")
    except Refusal as refusal:
        raise UpgradeUndone(where, refusal.message, found=before, needed=SCHEMA_VERSION) from refusal


class _Within(PostgresLog):
    """A log as an open transaction sees it; only for reading."""

    def __init__(self, connection: "psycopg.Connection[Row]", where: str) -> None:
        self._read_only = True
        self._line = _Held(connection, where)
        self.where = where
        self._origin = self._judged()


class _Held(Line):
    """The connection of somebody else: nothing is asked again, and it stays open."""

    def __init__(self, connection: "psycopg.Connection[Row]", where: str) -> None:
        self.where = where
        self._connection = connection

    def ask(self, query: str, values: Row | None = None) -> list[Row]:
        with self._connection.cursor(binary=True) as cursor:
            cursor.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        """Leave it to whoever opened it."""

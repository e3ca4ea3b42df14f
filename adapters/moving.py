"""The end of a log in one place, and its beginning in another: no writes any more here, and from then on there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import apsw

from adapters.log_notes import UNSETTLED
from adapters.places import NAME_IT
from adapters.settings import is_database_url
from adapters.sqlite_connection import ELSEWHERE, connect, spoken
from adapters.writers_queue import WritersQueue
from domain.errors import HandsNeeded

if TYPE_CHECKING:
    import psycopg

    from adapters.log_rows import Row

GUARD = f"""
CREATE TRIGGER ended BEFORE INSERT ON events
BEGIN SELECT RAISE(ABORT, '{ELSEWHERE}'); END
"""
PUT = "INSERT INTO store VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


class Hold(Protocol):
    """The writers' lock of a log: as long as it is held nobody writes."""

    def end(self, why: Mapping[str, str]) -> None:
        """Refuse every later write, for good, and keep the words why; durable when the hold is let go."""


@contextmanager
def held(address: str, *, timeout_s: float) -> Iterator[Hold]:
    """Keep all writers of a log waiting. Raises `Unavailable`, also where this role may not end a log's life."""
    if is_database_url(address):
        with _held_in_database(address, timeout_s=timeout_s) as hold:
            yield hold
        return
    path = Path(address)
    with WritersQueue(path.with_name(f"{path.name}-writers"), timeout_s=timeout_s).turn():
        yield _InFile(path, timeout_s)


def settle(address: str, *, timeout_s: float) -> None:
    """Let a log be used that was made whole. Doing it again changes nothing."""
    if is_database_url(address):
        from adapters.postgres_connection import Line

        line = Line(address, read_only=False, timeout_s=timeout_s)
        try:
            line.ask("DELETE FROM orch.store WHERE key = %s", (UNSETTLED,))
        finally:
            line.close()
        return
    with _writing(Path(address), timeout_s) as connection:
        connection.execute("DELETE FROM store WHERE key = ?", (UNSETTLED,))


def unsettle(url: str, *, by: str, timeout_s: float) -> None:
    """Let a log in a database, which has ended, be replaced by the one that is brought there."""
    from adapters.postgres_connection import Line

    line = Line(url, read_only=False, timeout_s=timeout_s)
    try:
        line.ask("INSERT INTO orch.store VALUES (%s, %s) ON CONFLICT (key) DO NOTHING", (UNSETTLED, by))
    finally:
        line.close()


class _InFile:
    """The hold of a log in a file: its writers' queue."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s

    def end(self, why: Mapping[str, str]) -> None:
        """Refuse every later write, also of those who have the log open and wait."""
        with _writing(self._path, self._timeout_s) as connection:
            connection.executemany(PUT, why.items())
            connection.execute(GUARD)


@contextmanager
def _writing(path: Path, timeout_s: float) -> Iterator[apsw.Connection]:
    """Open a transaction that is durable when the block ends well."""
    with spoken(path):
        connection = connect(path, read_only=False, timeout_s=timeout_s)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()


class _InDatabase:
    """The hold of a log in a database: a transaction with the writers' advisory lock."""

    def __init__(self, connection: "psycopg.Connection[Row]") -> None:
        self._connection = connection

    def end(self, why: Mapping[str, str]) -> None:
        """Refuse every later write, also of those who wait for the lock."""
        for word in why.items():
            self._connection.execute(
                "INSERT INTO orch.store VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value", word
            )
        self._connection.execute(
            "CREATE TRIGGER ended BEFORE INSERT ON orch.events FOR EACH STATEMENT EXECUTE FUNCTION orch.ended()"
        )


@contextmanager
def _held_in_database(url: str, *, timeout_s: float) -> Iterator[_InDatabase]:
    from adapters.postgres_connection import Line
    from adapters.postgres_schema import WRITING

    line = Line(url, read_only=False, timeout_s=timeout_s)
    try:
        with line.alone(WRITING) as connection:
            if connection.execute("SELECT has_table_privilege('orch.store', 'INSERT')").fetchone() != (True,):
                raise HandsNeeded(
                    f"Only its owner may end the log in {line.where}; this role is another one.",
                    fix=(f"{NAME_IT}  # as the owner of the log",),
                )
            yield _InDatabase(connection)
    finally:
        line.close()

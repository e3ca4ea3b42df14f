"""Making the tables of a log in PostgreSQL, and bringing older ones up to date; nothing else changes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from shlex import quote
from typing import NamedTuple

import psycopg

from adapters.log_notes import UNSETTLED
from adapters.log_rows import Row
from adapters.postgres_connection import Line, named
from adapters.postgres_log import SCHEMA_VERSION
from adapters.postgres_state import FOR_THE_CACHE
from adapters.settings import BY_NAME, to_paste
from domain.errors import AlreadyExists, InvalidInput, NotFound, StoreUnsettled

CODE = ("guards", "append", "together", "derived", "roles")
"""Functions and guards: an upgrade makes all of them anew, so only changes of tables need steps of their own."""
MAKING = 1_330_790_217
"""The advisory lock of whoever makes or changes tables; the one of writers is the number before."""
WRITING = MAKING - 1
IS_THERE = "SELECT to_regnamespace('orch') IS NOT NULL"
FORGET_CODE = """
DO $$
DECLARE
    named text;
BEGIN
    FOREACH named IN ARRAY (
        SELECT coalesce(array_agg(oid::regprocedure::text), '{}') FROM pg_proc WHERE pronamespace = 'orch'::regnamespace
    ) LOOP
        EXECUTE 'DROP ROUTINE IF EXISTS ' || named || ' CASCADE';
    END LOOP;
    FOREACH named IN ARRAY (
        SELECT coalesce(array_agg(t.oid::regtype::text), '{}')
        FROM pg_type AS t JOIN pg_class AS c ON c.oid = t.typrelid
        WHERE t.typnamespace = 'orch'::regnamespace AND c.relkind = 'c'
    ) LOOP
        EXECUTE 'DROP TYPE IF EXISTS ' || named || ' CASCADE';
    END LOOP;
END $$
"""
MAKE_ONE = "createdb --encoding=UTF8 --template=template0"
"""What makes a database that a log can be in; its name comes last."""
VARIABLE = BY_NAME["database_url"].variable
ADMIT_AGAIN = "SELECT orch.admit(role, may) FROM orch.members WHERE to_regrole(quote_ident(role)) IS NOT NULL"


def text_of(part: str) -> str:
    """Return one file of the schema."""
    return files("adapters").joinpath(f"postgres_{part}.sql").read_text("utf-8")


def step_from(version: int) -> str:
    """Return what leads the tables of a version to the next one; from 2 to 3 only functions changed."""
    match version:
        case 1:
            return FOR_THE_CACHE
        case 2:
            return "SELECT"
        case 3:
            return text_of("erasable")
    return text_of("waiting")


def make_log(url: str, origin: str, *, timeout_s: float) -> None:
    """Make a new, empty log: all of it in one transaction, whoever else begins one. Raises `AlreadyExists`."""
    with new_log(url, origin, timeout_s=timeout_s):
        pass


@contextmanager
def new_log(
    url: str, origin: str, *, timeout_s: float, over_unsettled: bool = False
) -> Iterator["psycopg.Connection[Row]"]:
    """Open the tables of a new log to be filled; all of it is there, durable, when the block ends well.

    A log of the same name that was begun there and never settled goes first, if it may; who was admitted to it stays
    so. Raises as `make_log`, and `StoreUnsettled` where one of another name was begun: that is somebody else's work.
    """
    with _alone(url, timeout_s=timeout_s) as connection:
        members: list[Row] = []
        if connection.execute(IS_THERE).fetchone() == (True,):
            begun = _unsettled(connection)
            if begun is None or not over_unsettled:
                raise AlreadyExists(
                    f"There is a log already in {named(url)}, and a database holds one. Name an empty database; a new"
                    " folder joins the log that is there.",
                    fix=(f"{MAKE_ONE} NAME", f"{VARIABLE}={_words(url)} orch init  # in a new folder"),
                )
            if begun.origin != origin:
                raise StoreUnsettled(f"{named(url)}, {begun.origin},", by=begun.by)
            members = connection.execute("SELECT role, may FROM orch.members").fetchall()
            connection.execute("DROP SCHEMA orch CASCADE")
        (encoding,) = connection.execute("SHOW server_encoding").fetchone() or ("",)
        if encoding != "UTF8":
            raise InvalidInput(
                f"{named(url).capitalize()} keeps its texts in {encoding}; the log needs UTF8.",
                fix=(f"{MAKE_ONE} NAME",),
            )
        for part in ("tables", "erasable", "waiting", *CODE):
            connection.execute(text_of(part).encode())
        connection.execute("INSERT INTO orch.version VALUES (1, %s)", (SCHEMA_VERSION,))
        connection.execute("INSERT INTO orch.store VALUES ('origin', %s)", (origin,))
        connection.execute(FOR_THE_CACHE.encode())
        for member in members:
            connection.execute("SELECT orch.admit(%s, %s)", member)
        yield connection


def discard_unsettled(url: str, origin: str | None = None, *, timeout_s: float) -> None:
    """Remove a log that was never settled, of that name if one is given; any other one stays."""
    with _alone(url, timeout_s=timeout_s) as connection:
        if connection.execute(IS_THERE).fetchone() == (True,):
            begun = _unsettled(connection)
            if begun is not None and origin in (None, begun.origin):
                connection.execute("DROP SCHEMA orch CASCADE")


def upgrade_tables(url: str, *, timeout_s: float, checked: bool = False) -> tuple[int, int]:
    """Bring a log's tables and functions up to date, and return the version before and after; one does it at a time.

    All of it is one transaction, in which nobody writes. The events stay as they are. What is `checked` is read as a
    whole before and after, both within the transaction, which is rolled back where it does not hold. Raises
    `NotFound`, `InvalidInput` for a log that a newer version made, and `UpgradeUndone`.
    """
    with _alone(url, timeout_s=timeout_s) as connection:
        if connection.execute(IS_THERE).fetchone() != (True,):
            raise NotFound(f"There is no log in {named(url)}.", fix=("orch init",))
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (WRITING,))
        (before,) = connection.execute("SELECT version FROM orch.version").fetchone() or (0,)
        if before > SCHEMA_VERSION:
            raise InvalidInput(
                f"The log in {named(url)} was made by a newer version of orch (schema {before}, this one knows"
                f" {SCHEMA_VERSION}).",
                fix=("orch version",),
            )
        if before < SCHEMA_VERSION:
            if checked:
                from adapters.postgres_way_back import the_same_after

                with the_same_after(connection, named(url), before):
                    _change_tables(connection, before)
            else:
                _change_tables(connection, before)
    return before, SCHEMA_VERSION


def _words(url: str) -> str:
    """Return an address as a command takes it, with its password left out."""
    return quote(to_paste(url))


def _change_tables(connection: "psycopg.Connection[Row]", before: int) -> None:
    for version in range(before, SCHEMA_VERSION):
        connection.execute(step_from(version).encode())
    connection.execute(FORGET_CODE)
    for part in CODE:
        connection.execute(text_of(part).encode())
    connection.execute(ADMIT_AGAIN)
    connection.execute("UPDATE orch.version SET version = %s", (SCHEMA_VERSION,))


def admit(url: str, role: str, *, may: str, timeout_s: float) -> None:
    """Let a role of the server write, or only read. Raises `Unavailable` where this role is not the owner."""
    with _alone(url, timeout_s=timeout_s) as connection:
        connection.execute("SELECT orch.admit(%s, %s)", (role, may))


class _Begun(NamedTuple):
    """A log that is not settled: which, and what goes on with it."""

    origin: str
    by: str


def _unsettled(connection: "psycopg.Connection[Row]") -> _Begun | None:
    rows = connection.execute("SELECT key, value FROM orch.store WHERE key IN ('origin', %s)", (UNSETTLED,)).fetchall()
    notes = {str(key): str(value) for key, value in rows}
    return _Begun(notes["origin"], notes[UNSETTLED]) if UNSETTLED in notes else None


@contextmanager
def _alone(url: str, *, timeout_s: float) -> Iterator["psycopg.Connection[Row]"]:
    """Begin a transaction that only one process at a time is in; it is committed when the block ends well."""
    line = Line(url, read_only=False, timeout_s=timeout_s)
    try:
        with line.alone(MAKING) as connection:
            yield connection
    finally:
        line.close()

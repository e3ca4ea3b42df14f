"""Making the tables of a log in a PostgreSQL database: by `orch init`, and by nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from secrets import token_hex

import psycopg

from adapters.log_rows import Row
from adapters.postgres_connection import Line, named
from adapters.postgres_state import SECRET
from domain.errors import AlreadyExists, InvalidInput

PARTS = ("tables", "guards", "append", "derived", "roles")
MAKING = 1_330_790_217
"""The advisory lock of whoever makes or changes tables; the one of writers is the number before."""


def make_log(url: str, origin: str, *, timeout_s: float) -> None:
    """Make a new, empty log: all of it in one transaction, whoever else begins one. Raises `AlreadyExists`."""
    with _alone(url, timeout_s=timeout_s) as connection:
        if connection.execute("SELECT to_regnamespace('orch') IS NOT NULL").fetchone() == (True,):
            raise AlreadyExists(f"There is a log already in {named(url)}.", fix=("orch init",))
        (encoding,) = connection.execute("SHOW server_encoding").fetchone() or ("",)
        if encoding != "UTF8":
            raise InvalidInput(
                f"{named(url).capitalize()} keeps its texts in {encoding}; the log needs UTF8.",
                fix=("createdb --encoding=UTF8 --template=template0 NAME",),
            )
        for part in PARTS:
            connection.execute(text_of(part).encode())
        connection.execute("INSERT INTO orch.store VALUES ('origin', %s)", (origin,))
        connection.execute("INSERT INTO orch.store VALUES (%s, %s)", (SECRET, token_hex(32)))


def admit(url: str, role: str, *, may: str, timeout_s: float) -> None:
    """Let a role of the server write, or only read. Raises `Unavailable` where this role is not the owner."""
    with _alone(url, timeout_s=timeout_s) as connection:
        connection.execute("SELECT orch.admit(%s, %s)", (role, may))


def text_of(part: str) -> str:
    """Return one file of the schema."""
    return files("adapters").joinpath(f"postgres_{part}.sql").read_text("utf-8")


@contextmanager
def _alone(url: str, *, timeout_s: float) -> Iterator["psycopg.Connection[Row]"]:
    """Begin a transaction that only one process at a time is in; it is committed when the block ends well."""
    line = Line(url, read_only=False, timeout_s=timeout_s)
    try:
        with line.alone(MAKING) as connection:
            yield connection
    finally:
        line.close()

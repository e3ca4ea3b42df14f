"""Making a new log: complete under its name, or not there at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from os import urandom
from pathlib import Path
from shlex import quote

import apsw

from adapters import sqlite_schema
from adapters.durable import sync
from adapters.file_systems import refuse_network
from adapters.sqlite_connection import prepare, spoken
from domain.errors import AlreadyExists, Damaged, Unavailable

BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside a file while it is in use, and afterwards too where nothing was checkpointed at the end."""


def make_log(path: Path, origin: str, *, timeout_s: float) -> None:
    """Make a new, empty log. Raises `AlreadyExists`; never leaves a half-made file in its place."""
    with new_log(path, origin, timeout_s=timeout_s):
        pass


@contextmanager
def new_log(path: Path, origin: str, *, timeout_s: float) -> Iterator[apsw.Connection]:
    """Open the tables of a new log to be filled; the file gets its name, durable, when the block ends well.

    Until then nobody sees it, so what fills it need not be durable. Raises as `make_log`.
    """
    refuse_network(path.parent)
    part = path.with_name(f".{path.name}.{urandom(8).hex()}.new")
    connection: apsw.Connection | None = None
    try:
        _refuse_leftovers(path)
        with spoken(path):
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
            connection = apsw.Connection(str(part))
            prepare(connection, timeout_s=timeout_s)
            connection.execute("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF")
            connection.execute("BEGIN")
            sqlite_schema.make_tables(connection, origin)
            yield connection
            sqlite_schema.make_guards(connection)
            connection.execute("COMMIT")
            connection.execute("PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL")
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            connection.close()
            _settle(part, path)
    except FileExistsError:
        raise AlreadyExists(f"There is a log already: {path}.", fix=("orch status",)) from None
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}.") from error
    finally:
        if connection is not None:
            connection.close()
        for end in ("", *BESIDE):
            part.with_name(f"{part.name}{end}").unlink(missing_ok=True)


def remove_beside(path: Path) -> None:
    """Remove what SQLite left beside a log that nobody has open."""
    for end in BESIDE:
        path.with_name(f"{path.name}{end}").unlink(missing_ok=True)


def _refuse_leftovers(path: Path) -> None:
    """SQLite would take the WAL of a log that was removed for that of the new one, and write its pages into it."""
    beside = [path.with_name(f"{path.name}{end}") for end in BESIDE]
    left = [file for file in beside if os.path.lexists(file)]
    if left and not os.path.lexists(path):  # in this order: whoever makes a log at the same time names it first
        raise Damaged(
            f"{path} is gone, but {' and '.join(file.name for file in left)} of it is still there and may hold"
            " commands that are nowhere else. Put the log back, or move the rest of it away.",
            fix=[f"mv {quote(str(file))} {quote(f'{file}.old')}" for file in left],
        )


def _settle(part: Path, path: Path) -> None:
    """Give a finished file its name, unless somebody was first, and make both durable."""
    sync(part)
    os.link(part, path)
    sync(path.parent)

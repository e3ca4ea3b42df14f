"""Where the log of a project lies: in a file, or in a PostgreSQL database. Whoever opens it need not know."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Union

from adapters.durable import sync
from adapters.log_notes import RECOVERED, refuse_elsewhere
from adapters.places import JOINED, MARK, NAME_IT, Places
from adapters.settings import BY_NAME, is_database_url, to_paste
from adapters.sqlite_log import TIMEOUT_S, SqliteLog
from domain.errors import InvalidInput, NotFound, PackageMissing, Unavailable
from domain.event_log import EventLog

if TYPE_CHECKING:  # psycopg costs more than everything else that a read loads
    from adapters.postgres_log import PostgresLog
    from adapters.refill import Fingerprints, Refill
    from domain.following import Changes

AnyLog = Union[SqliteLog, "PostgresLog"]
LOOK = "orch config show database_url"


def open_log(places: Places, *, read_only: bool, timeout_s: float | None = None) -> AnyLog:
    """Open the log of a project. Raises `NotFound`, and `InvalidInput` where the database holds another log."""
    log = _opened(places, read_only=read_only, timeout_s=places.timeout_ms / 1000 if timeout_s is None else timeout_s)
    try:
        refuse_elsewhere(log.where, log.noted)
    except BaseException:
        log.close()
        raise
    return log


def _opened(places: Places, *, read_only: bool, timeout_s: float) -> AnyLog:
    if places.url is not None:
        raise InvalidInput(
            f"That is done where the log is, and this project is worked on through {places.url}: type it there.",
            fix=("unset ORCHESTRATOR_URL",),
        )
    if places.database is None:
        return SqliteLog.open(places.log, read_only=read_only, timeout_s=timeout_s)
    known = attached_to(places)
    if known is None:
        if places.log.is_file():
            return _recovered(places, read_only=read_only, timeout_s=timeout_s)
        raise NotFound(
            f"{places.root} is not attached to a log in the database that database_url names.", fix=("orch init",)
        )
    log = opened_for(places, places.database, known, read_only=read_only, timeout_s=timeout_s)
    if log.origin != known:
        from adapters.log_lineage import left_by
        from adapters.put_back import back_to

        where, found = log.where, log.origin
        try:
            is_promoted = left_by(log, known) is not None
            back = () if is_promoted else back_to(places, log)
        finally:
            log.close()
        if is_promoted:
            raise InvalidInput(
                f"{places.root} belongs to the log {known}, which {found} in {where} says was left for it; the folder"
                " has not followed.",
                fix=("orch init", LOOK),
            )
        put_aside = " What the folder kept of that one was put aside, and can be put back." if back else ""
        raise InvalidInput(
            f"{places.root} belongs to the log {known}, but {where} holds {found}.{put_aside}",
            fix=(LOOK, *back),
        )
    return log


def opened_for(places: Places, address: str, known: str, *, read_only: bool, timeout_s: float) -> AnyLog:
    """Open the log in a database for a folder that belongs to one, to whichever."""
    try:
        return opened_at(address, read_only=read_only, timeout_s=timeout_s)
    except NotFound as error:
        raise NotFound(
            f"{places.root} belongs to the log {known}, and there is none in {named(address)}. Name the database"
            " that holds it; another project begins in a folder of its own.",
            fix=(NAME_IT, LOOK),
        ) from error


def opened_at(address: str, *, read_only: bool, timeout_s: float = TIMEOUT_S) -> AnyLog:
    """Open the log at an address: a path, or a database."""
    if not is_database_url(address):
        return SqliteLog.open(Path(address), read_only=read_only, timeout_s=timeout_s)
    _refuse_without_psycopg()
    from adapters.postgres_log import PostgresLog

    return PostgresLog.open(address, read_only=read_only, timeout_s=timeout_s)


def create_log(places: Places, origin: str, *, timeout_s: float = TIMEOUT_S) -> None:
    """Make a new, empty log where the settings say. Raises `AlreadyExists`."""
    if places.database is None:
        SqliteLog.create(places.log, origin, timeout_s=timeout_s).close()
        return
    _refuse_without_psycopg()
    from adapters.postgres_schema import make_log

    make_log(places.database, origin, timeout_s=timeout_s)


def bytes_of(log: EventLog, places: Places) -> int:
    """Return what a log takes on its disk, with its indexes and what is not yet in its file."""
    if isinstance(log, SqliteLog):
        files = (places.log, places.log.with_name(f"{places.log.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())
    from adapters.postgres_log import PostgresLog

    assert isinstance(log, PostgresLog)
    return log.stored_bytes()


def named(address: str) -> str:
    """Return an address as people are told: no password in it."""
    if not is_database_url(address):
        return str(Path(address))
    from adapters.postgres_connection import named as named_there

    return named_there(address)


def store_of(places: Places) -> str:
    """Return where a project's log is, as people are told: its service, its database, or the folder of its file."""
    if places.url is not None:
        return places.url
    return str(places.state) if places.database is None else named(places.database)


@contextmanager
def refilled_at(address: str, origin: str, fingerprints: "Fingerprints") -> "Iterator[Refill]":
    """Open a new log at an address to be filled: complete when the block ends well, or not there at all."""
    if is_database_url(address):
        _refuse_without_psycopg()
        from adapters.postgres_refill import refilled as filled_there

        with filled_there(address, origin, fingerprints) as refill:
            yield refill
        return
    from adapters.sqlite_refill import refilled

    with refilled(Path(address), origin, fingerprints) as refill:
        yield refill


def changes_of(places: Places) -> "Changes":
    """Return word of changes to the log of a project: from the server, or from the file system."""
    if places.url is not None:
        from adapters.remote_changes import RemoteChanges

        return RemoteChanges()
    if not is_database_url(places.address):
        from adapters.file_changes import FileChanges

        return FileChanges(places.log)
    from adapters.postgres_changes import PostgresChanges

    return PostgresChanges(places.address)


def attached_to(places: Places) -> str | None:
    """Return the origin of the log in a database that this folder belongs to, or None."""
    return _noted(places.state / MARK)


def joined_to(places: Places) -> str | None:
    """Return the origin of the log that this folder joined: another one began or promoted it, and has its key."""
    return _noted(places.state / JOINED)


def _noted(path: Path) -> str | None:
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"{path} cannot be read: {error}.") from error


def attach(places: Places, origin: str, *, joins: bool = False, instead: bool = False) -> None:
    """Note which log this folder belongs to, so that another database is never taken for it.

    `joins`: another folder has its key. A promotion puts it in the place of another one (`instead`).
    """
    from adapters.new_files import new_file

    if joins and joined_to(places) != origin:
        with new_file(places.state / JOINED, replace=True) as file:
            file.write(f"{origin}\n".encode())
    if attached_to(places) != origin:
        with new_file(places.state / MARK, replace=instead, is_named=False) as file:
            file.write(f"{origin}\n".encode())
        sync(places.state)


def detach(places: Places) -> None:
    """Let the folder belong to no log in a database any more."""
    (places.state / MARK).unlink(missing_ok=True)
    sync(places.state)


def refuse_database(places: Places, what: str) -> None:
    """Refuse what is done to the file of a log, where the log is in a database."""
    if places.database is not None:
        raise InvalidInput(
            f"{what} works on the file of a log, and this project's log is in a PostgreSQL database.",
            fix=("orch backup create", "orch doctor"),
        )


def _recovered(places: Places, *, read_only: bool, timeout_s: float) -> SqliteLog:
    """Open a store that was recovered into a folder; a project's own log is never taken for the database."""
    log = SqliteLog.open(places.log, read_only=True, timeout_s=timeout_s)
    is_recovered = RECOVERED in log.notes()
    if is_recovered and read_only:
        return log
    log.close()
    if is_recovered:
        return SqliteLog.open(places.log, read_only=False, timeout_s=timeout_s)  # which refuses, and says why
    raise InvalidInput(
        f"The log of {places.root} is in {places.log}, but database_url names a database; it would be another log.",
        fix=file_or_database(str(places.database)),
    )


def file_or_database(address: str) -> tuple[str, str]:
    """Return the two ways out where a log is a file and a setting names a database: without it, or with the log there.

    A password stays out of it: libpq looks for one in ~/.pgpass.
    """
    variable = BY_NAME["database_url"].variable
    without = f"unset {variable}" if os.environ.get(variable) else "orch config set database_url --unset"
    return without, f"orch migrate --to {quote(to_paste(address))}"


def _refuse_without_psycopg() -> None:
    from importlib.util import find_spec

    if find_spec("psycopg") is None:
        raise PackageMissing(
            "A log in PostgreSQL needs psycopg, which is not installed.",
            fix=('pip install "nss-orchestrator[postgres]"',),
        )

"""Bringing a log that an older version made to the newest schema."""

from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import NamedTuple

import apsw

from adapters.file_systems import refuse_network
from adapters.sqlite_connection import connect, spoken
from adapters.sqlite_log import TIMEOUT_S
from adapters.sqlite_schema import SCHEMA_VERSION, UPGRADES
from adapters.sqlite_way_back import settle_interrupted, way_back_from_upgrade
from adapters.writers_queue import WritersQueue
from domain.errors import NotFound, Unavailable


class Upgraded(NamedTuple):
    """The schema that a log had, and the one it has now."""

    before: int
    after: int


def upgrade_log(
    path: Path,
    *,
    timeout_s: float = TIMEOUT_S,
    begins: Callable[[int], None] | None = None,
    checked: bool = False,
) -> Upgraded:
    """Upgrade a log, or leave one alone that has the newest schema. The events stay as they are.

    `begins` is told of the size of the file before anything is done. If this is stopped half way, the log still has
    its old schema, and doing it again does all of it. What is `checked` is read as a whole before and after, and taken
    back where it does not hold. Raises `UpgradeUndone`.
    """
    if not path.is_file():
        raise NotFound(f"There is no log at {path}.", fix=("orch init",))
    refuse_network(path.parent)
    with WritersQueue(path.with_name(f"{path.name}-writers"), timeout_s=timeout_s).turn(), spoken(path):
        connection = connect(path, read_only=False, timeout_s=timeout_s)
        try:
            before: int = connection.pragma("user_version")
            if checked:
                settle_interrupted(connection, path)
                before = connection.pragma("user_version")
            if before < SCHEMA_VERSION:
                if begins is not None:
                    begins(path.stat().st_size)
                with way_back_from_upgrade(connection, path, before) if checked else nullcontext():
                    _write_anew(connection, path)
                    _change_schema(connection, before)
                with suppress(apsw.BusyError, apsw.LockedError):  # a reader is in the way; a later writer does it
                    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        finally:
            connection.close()
    return Upgraded(before, SCHEMA_VERSION)


def _write_anew(connection: apsw.Connection, path: Path) -> None:
    """Rewrite the file from its rows: unused parts of pages hold copies of texts, which no later erasure would reach.

    Logs of the newest schema are written with `secure_delete` from their first row on and have no such copies.
    """
    try:
        connection.execute("VACUUM")
    except apsw.FullError as error:
        raise Unavailable(
            f"There is no room to write {path} anew: that takes twice its size beside it,"
            " and its size where temporary files go (SQLITE_TMPDIR names another folder)."
        ) from error


def _change_schema(connection: apsw.Connection, before: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for version in range(before, SCHEMA_VERSION):
            connection.execute(UPGRADES[version])
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise

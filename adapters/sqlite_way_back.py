"""The way back from an upgrade: a copy beside the log, put back by a transaction where the upgrade does not hold.

All of it happens while nobody else may write, so that no command is lost by going back.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

from adapters.durable import sync
from adapters.file_systems import free_bytes
from adapters.measured import Measure, measured
from adapters.sqlite_connection import spoken
from adapters.sqlite_creation import BESIDE
from adapters.sqlite_log import SqliteLog
from adapters.sqlite_schema import SCHEMA_VERSION
from domain.errors import Damaged, Refusal, Unavailable, UpgradeUndone

ROOM = 4
"""Times the size of a log: its copy, itself written anew twice, and some air."""


def kept_of(path: Path) -> Path:
    """Return where the copy of a log lies while it is upgraded."""
    return path.with_name(f".{path.name}.before-upgrade")


@contextmanager
def way_back_from_upgrade(connection: apsw.Connection, path: Path, before: int) -> Iterator[None]:
    """Keep a copy while the block upgrades a log; whatever goes wrong, the log is put back. Raises `UpgradeUndone`."""
    size = path.stat().st_size
    if free_bytes(path.parent) < ROOM * size:
        raise Unavailable(
            f"There is no room beside {path} for a way back: {ROOM * size // 1_000_000 + 1} MB have to be free.",
            fix=(f"df -h {path.parent}",),
        )
    kept = kept_of(path)
    _copy(connection, kept)
    known = _measured(kept)
    if known != _measured(path):
        _forget(kept)
        raise Damaged(f"The copy of {path} is not what was copied; nothing was upgraded.", fix=("orch doctor",))
    try:
        with spoken(path):
            yield
        if _measured(path) != known:
            raise Damaged("events, tree or state are not what they were")
    except Refusal as refusal:
        _put_back(connection, kept)
        raise UpgradeUndone(str(path), refusal.message, found=before, needed=SCHEMA_VERSION) from refusal
    except BaseException:
        _put_back(connection, kept)
        raise
    _forget(kept)


def settle_interrupted(connection: apsw.Connection, path: Path) -> None:
    """Judge what an upgrade left that was cut off, as the upgrade would have. Raises `UpgradeUndone`, `Damaged`."""
    kept = kept_of(path)
    _forget(_part(kept))
    if not kept.exists():
        return
    known = _measured(kept)
    with SqliteLog.open(kept, read_only=True) as log:
        version = log.schema_version
    try:
        found: Measure | None = _measured(path)
    except Damaged:
        found = None
    if found == known or (found and found.size > known.size):  # later commands are believed, and checked by `doctor`
        _forget(kept)
        return
    _refuse_to_lose(connection, path, known)
    _put_back(connection, kept)
    why = "it was cut off, and what it left is not what was there"
    raise UpgradeUndone(str(path), why, found=version, needed=SCHEMA_VERSION)


def _refuse_to_lose(connection: apsw.Connection, path: Path, known: Measure) -> None:
    """Refuse to put a copy back over commands that came after it."""
    with suppress(apsw.Error):
        row = connection.execute("SELECT max(position) FROM events").fetchone()
        if row and row[0] == known.size:
            return
    raise Damaged(
        f"An upgrade of {path} was cut off, and what is there now is damaged; {kept_of(path)} holds the log as it was"
        " before, without what was recorded since.",
        fix=("orch doctor", "orch recover salvage --out salvaged"),
    )


def _measured(path: Path) -> Measure:
    with SqliteLog.open(path, read_only=True) as log:
        return measured(log)


def _copy(connection: apsw.Connection, kept: Path) -> None:
    """Copy the log; the copy has its name once it is complete and durable."""
    part = _part(kept)
    _forget(part)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    copy = apsw.Connection(str(part))
    try:
        with copy.backup("main", connection, "main") as backup:
            backup.step()
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, so that one rename names it
    finally:
        copy.close()
    file = os.open(part, os.O_RDONLY | os.O_CLOEXEC)
    os.fsync(file)
    os.close(file)
    os.replace(part, kept)
    sync(kept.parent)


def _put_back(connection: apsw.Connection, kept: Path) -> None:
    """Write every page of the copy into the log, in one transaction: readers see one or the other."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    copy = apsw.Connection(str(kept), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        with connection.backup("main", copy, "main") as backup:
            backup.step()
    finally:
        copy.close()
    _forget(kept)


def _part(kept: Path) -> Path:
    return kept.with_name(f"{kept.name}.{0:016x}.new")


def _forget(path: Path) -> None:
    for end in ("", *BESIDE, "-journal"):
        path.with_name(f"{path.name}{end}").unlink(missing_ok=True)

"""Put one log in the place of another: the new one gets the name in one step, the old one is kept, for reading only.

Killed at any moment, either the old log or the new one has the name, whole; doing it again does the rest.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

import apsw

from adapters.durable import sync
from adapters.log_notes import RETIRED
from adapters.new_files import new_file
from adapters.sqlite_connection import connect, spoken
from adapters.sqlite_creation import BESIDE, remove_beside
from adapters.sqlite_log import TIMEOUT_S
from domain.errors import Damaged, FilesUnavailable, InvalidInput, Refusal, Unavailable

FOLDER = "retired"
"""The folder, in that of the store in force, where those before it are kept."""
LOG = "log.db"
KEYS, CHECKPOINTS = "keys", "checkpoints"


def refuse_other_disk(new: Path, state: Path) -> None:
    """Refuse a store on another file system: a name can be given in one step only within one."""
    if new.stat().st_dev != state.stat().st_dev:
        raise InvalidInput(
            f"{new} lies on another file system than {state}; recover into a folder beside it.",
            fix=("orch recover run --to now --out recovered",),
        )


def change_places(new: Path, state: Path, kept: Path, *, as_it_is: bool = False) -> None:
    """Give the log in the folder `new` the place of the one in `state`, which is kept under another name.

    A damaged one is kept as it is: putting its WAL into its file would cut off all that stands behind a broken place.
    The caller holds the queue of writers of both. Raises `Unavailable` while somebody reads the old log.
    """
    try:
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept.mkdir(mode=0o700, exist_ok=True)
        sync(kept.parent)
        sync(state)
        _take_over_keys(new / KEYS, state / KEYS)
        settle(new / LOG)
        old = state / LOG
        if not os.path.lexists(old):
            _keep(old, kept, BESIDE)
            _put(new, state, kept)
        else:
            _exchange(new, old, kept, as_it_is=as_it_is)
    except OSError as error:
        raise FilesUnavailable(f"{error.filename or new}: {error.strerror or error}.") from error


def finish(new: Path, state: Path, kept: Path, *, origin: str, key: str, as_it_is: bool = False) -> None:
    """Make what is kept of the old store read-only, and remove what is left of the folder the new one came from."""
    try:
        if not as_it_is:
            _let_be_read(kept / LOG, origin)
        _move_keys(state / KEYS, kept / KEYS, but=key)
        for folder in (kept / KEYS, kept / CHECKPOINTS, kept):
            _read_only(folder)
        for name in (*(f"{LOG}{end}" for end in (*BESIDE, "-writers")), ".gitignore"):
            (new / name).unlink(missing_ok=True)
        shutil.rmtree(new / KEYS, ignore_errors=True)
        with suppress(OSError):  # whatever else somebody put there stays
            new.rmdir()
        sync(new.parent)
    except OSError as error:
        raise FilesUnavailable(f"{error.filename or kept}: {error.strerror or error}.") from error


def keep_keys(state: Path, kept: Path, *, key: str) -> None:
    """Put the keys of a log that was left aside, all but the new one's, and the checkpoints that they signed."""
    try:
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (state / CHECKPOINTS).is_dir() and not (kept / CHECKPOINTS).exists():
            os.rename(state / CHECKPOINTS, kept / CHECKPOINTS)
        _move_keys(state / KEYS, kept / KEYS, but=key)
        sync(kept)
        sync(state)
    except OSError as error:
        raise FilesUnavailable(f"{error.filename or kept}: {error.strerror or error}.") from error


def put_aside(old: Path, kept: Path) -> None:
    """Keep a log that has ended in a folder of its own, for reading only; doing it again does the rest.

    Raises `Unavailable` while somebody reads it.
    """
    try:
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync(kept.parent)
        if old.is_file():
            alone = _alone(old, as_it_is=False)
            try:
                with spoken(old):  # the WAL goes first: left behind alone, it would be taken for that of a lost log
                    alone.execute("PRAGMA journal_mode = DELETE").fetchall()
                os.rename(old, kept / LOG)
                sync(kept)
                sync(old.parent)
            finally:
                alone.close()
        _let_be_read(kept / LOG)
        _read_only(kept)
    except OSError as error:
        raise FilesUnavailable(f"{error.filename or kept}: {error.strerror or error}.") from error


def settle(path: Path) -> None:
    """Put all that a log holds into its one file. Raises `Unavailable` while somebody reads it."""
    with spoken(path):
        connection = connect(path, read_only=False, timeout_s=TIMEOUT_S)
        try:
            _checkpoint(connection, path)
        finally:
            connection.close()
    remove_beside(path)


def _exchange(new: Path, old: Path, kept: Path, *, as_it_is: bool) -> None:
    """Give the new log the name of the old one while nobody has the old one open."""
    try:
        alone = _alone(old, as_it_is=as_it_is)
    except (Damaged, Unavailable) as error:
        if isinstance(error, Unavailable) and not (as_it_is and is_broken(error)):
            raise
        # what cannot be opened has no readers, and its WAL cannot be put into it: it is kept beside it
        alone, as_it_is = None, True
    try:
        _keep(old, kept, ("", *BESIDE) if as_it_is else ("",))
        if as_it_is:
            remove_beside(old)
        _put(new, old.parent, kept)
    finally:
        if alone is not None:
            alone.close()


def is_broken(error: Refusal) -> bool:
    """Tell whether a log cannot be read at all, be it that the disk refuses; a locked one is another thing."""
    return isinstance(error, Damaged) or isinstance(error.__cause__, apsw.IOError)


def _alone(path: Path, *, as_it_is: bool) -> apsw.Connection:
    """Return the only connection there is to a log; all of it is in its file then, unless it is to stay as it is."""
    with spoken(path):
        connection = connect(path, read_only=False, timeout_s=TIMEOUT_S, alone=True)
        try:
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
            if not as_it_is:
                _checkpoint(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _checkpoint(connection: apsw.Connection, path: Path) -> None:
    busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy is None or busy[0]:
        raise Unavailable(f"{path} is in use by another program; end it, then repeat.")


def _keep(old: Path, kept: Path, ends: tuple[str, ...]) -> None:
    """Give the files of the old log a second name in the folder where it is kept."""
    for end in ends:
        file, other = old.with_name(f"{old.name}{end}"), kept / f"{old.name}{end}"
        if os.path.lexists(file) and not (other.exists() and os.path.samefile(file, other)):
            os.link(file, other, follow_symlinks=False)
    sync(kept)


def _put(new: Path, state: Path, kept: Path) -> None:
    checkpoints = state / CHECKPOINTS
    if checkpoints.is_dir() and not (kept / CHECKPOINTS).exists():
        os.rename(checkpoints, kept / CHECKPOINTS)  # before the log: they cover nothing of what comes
    if not os.path.lexists(state / LOG):
        remove_beside(state / LOG)
    sync(kept)
    sync(state)
    os.rename(new / LOG, state / LOG)
    sync(state)
    sync(new)


def _take_over_keys(made: Path, keys: Path) -> None:
    """Copy the new key to where it is looked for, before anything needs it."""
    keys.mkdir(mode=0o700, exist_ok=True)
    for left in keys.glob(".*.pem.*.part"):  # a promotion was stopped here before
        left.unlink()
    for file in made.glob("*.pem"):
        with new_file(keys / file.name, replace=True, is_named=False) as opened:
            opened.write(file.read_bytes())
    sync(keys)
    sync(keys.parent)


def _move_keys(keys: Path, kept: Path, *, but: str) -> None:
    """Put the keys of the old log where it is: they speak for it, and for nothing else."""
    if not keys.is_dir():  # a folder that joined the log has none
        return
    kept.mkdir(mode=0o700, exist_ok=True)
    for file in keys.glob("*.pem"):
        if file.name != but:
            os.replace(file, kept / file.name)
    sync(kept)
    sync(keys)


def _let_be_read(path: Path, origin: str | None = None) -> None:
    """Let a log need no file beside it, where nothing may be written; say in it for which log it was left."""
    if not path.is_file() or not os.access(path, os.W_OK) or path.stat().st_mode & 0o200 == 0:
        return
    with suppress(Damaged), spoken(path):
        connection = connect(path, read_only=False, timeout_s=TIMEOUT_S)
        try:
            if origin is not None:
                connection.execute("INSERT OR REPLACE INTO store VALUES (?, ?)", (RETIRED, origin))
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()
        finally:
            connection.close()
        if _wants_wal(path):  # the disk kept SQLite from removing the WAL; it does not say so
            raise FilesUnavailable(f"{path} still needs files beside it: its WAL could not be removed.")
        remove_beside(path)


def _wants_wal(path: Path) -> bool:
    """Tell whether a database is written by way of a WAL (SQLite's file format, 1.3: read and write versions)."""
    with path.open("rb") as file:
        return 2 in file.read(20)[18:]


def _read_only(folder: Path) -> None:
    if not folder.is_dir():
        return
    for file in folder.iterdir():
        if file.is_file() and not file.is_symlink():
            os.chmod(file, 0o400)
    os.chmod(folder, 0o500)

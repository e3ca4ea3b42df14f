"""One SQLite connection, opened so that an answered command survives power loss."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep

import apsw

from adapters.sqlite_schema import APPLICATION_ID, OLDEST_VERSION, SCHEMA_VERSION
from domain.errors import Damaged, FilesUnavailable, HandsNeeded, InvalidInput, StoreMoved, StoreOutdated, Unavailable

ELSEWHERE = "this log was moved"
"""What the guard says that a move puts up."""
RECOVERY_S = 0.5
"""An opening is tried again at least so long: the first one can meet another process that is recovering the log."""
WAL_BYTES = 8 * 1024 * 1024
"""A WAL that grew beyond this, for a large text, is cut back when it is begun anew."""


def connect(
    path: Path, *, read_only: bool, timeout_s: float, vfs: str | None = None, alone: bool = False
) -> apsw.Connection:
    """Open a log that exists. Nothing is created and no table is made here.

    A connection that is to be alone locks all others out from its first read on.
    """
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE
    with spoken(path):
        until = monotonic() + max(timeout_s, RECOVERY_S)
        while True:
            connection = apsw.Connection(str(path), flags=flags, vfs=vfs)
            try:
                prepare(connection, timeout_s=timeout_s)
                if alone:
                    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                _check(connection, path)
                return connection
            except apsw.BusyError:
                connection.close()
                if monotonic() > until:
                    raise
                sleep(0.01)
            except BaseException:
                connection.close()  # whoever keeps the error would keep the file open, and locked, with it
                raise


def prepare(connection: apsw.Connection, *, timeout_s: float) -> None:
    """Set what holds for every connection to a log.

    Checkpoints belong to the writer that holds the queue's lock: none happen by themselves, nor at close.
    """
    connection.set_busy_timeout(int(timeout_s * 1000))
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    connection.wal_autocheckpoint(0)
    connection.execute("PRAGMA synchronous = FULL; PRAGMA recursive_triggers = ON; PRAGMA mmap_size = 0")
    connection.execute("PRAGMA secure_delete = ON")  # from the first row on: pages are split long before a text goes
    connection.pragma("journal_size_limit", WAL_BYTES)


def _check(connection: apsw.Connection, path: Path) -> None:
    if connection.pragma("application_id") != APPLICATION_ID:
        raise Damaged(f"{path} is a SQLite file, but not a log of orch.")
    version = connection.pragma("user_version")
    if version > SCHEMA_VERSION:
        raise InvalidInput(
            f"{path} was made by a newer version of orch (schema {version}, this one knows {SCHEMA_VERSION}).",
            fix=("orch version",),
        )
    if version < OLDEST_VERSION:
        raise Damaged(f"{path} does not say by which schema it was made.")


def refuse_outdated(connection: apsw.Connection, path: Path) -> None:
    """Refuse to write into a log that an older version made."""
    version = connection.pragma("user_version")
    if version < SCHEMA_VERSION:
        raise StoreOutdated(str(path), found=version, needed=SCHEMA_VERSION)


def refuse_away(path: Path) -> None:
    """Refuse a log that cannot be opened anew: a connection that stays open takes a disk that is away for damage.

    It is opened by SQLite and by nobody else: whoever closed the file otherwise would let go of the locks of all.
    """
    if os.path.isdir(path.parent) and not os.path.lexists(path):  # False for whatever hinders
        return  # it was never there, or was removed
    try:
        with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            connection.pragma("user_version")
    except (apsw.CantOpenError, apsw.IOError, apsw.PermissionsError) as error:
        raise FilesUnavailable(f"{path} cannot be opened or read: its folder or its disk is away.") from error
    except apsw.Error:
        return


@contextmanager
def spoken(path: Path) -> Iterator[None]:
    """Say in our words what SQLite refused."""
    try:
        yield
    except (apsw.CorruptError, apsw.NotADBError, apsw.FormatError, apsw.SQLError, UnicodeDecodeError) as error:
        refuse_away(path)
        # our SQL is fixed: what SQLite cannot make sense of is the schema in the file
        raise Damaged(f"{path} is damaged: {error}.") from error
    except UnicodeEncodeError as error:
        raise HandsNeeded(f"SQLite opens no file whose path is not UTF-8: {str(path)!a}.") from error
    except (apsw.BusyError, apsw.LockedError) as error:
        raise Unavailable(f"{path} is locked by another program.") from error
    except apsw.ConstraintError as error:
        if ELSEWHERE in str(error):
            raise StoreMoved(str(path.parent), to="another place", fix="orch status") from error
        raise Damaged(f"{path} refused what its own heads allowed: {error}.") from error
    except apsw.FullError as error:
        raise HandsNeeded(f"The disk that holds {path} is full; nothing was recorded.") from error
    except (apsw.ReadOnlyError, apsw.PermissionsError, apsw.AuthError) as error:
        raise HandsNeeded(f"{path} cannot be written: {error}.") from error
    except (apsw.CantOpenError, apsw.IOError, apsw.NoLFSError) as error:
        raise HandsNeeded(f"{path} cannot be used: {error}.") from error
    except apsw.ConnectionClosedError as error:  # by another thread, which is about to end
        raise Unavailable(f"{path} was closed meanwhile.") from error

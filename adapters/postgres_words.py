"""What PostgreSQL refuses, in our words."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from orjson import loads
from psycopg import errors

from adapters.log_notes import refuse_ended
from domain.errors import Damaged, HandsNeeded, NotFound, Unavailable

ISOLATION, NOTHING_TO_ERASE, GUARDED, ELSEWHERE = "OR003", "OR001", "OR002", "OR004"
"""What our functions and guards raise."""


@contextmanager
def spoken(where: str) -> Iterator[None]:
    """Say in our words what PostgreSQL refused."""
    try:
        yield
    except (errors.InvalidSchemaName, errors.UndefinedTable, errors.UndefinedFunction) as error:
        raise NotFound(f"There is no log in {where}.", fix=("orch init",)) from error
    except errors.LockNotAvailable as error:
        if _in_doubt(error):
            raise unavailable(where, error) from error
        raise Unavailable(f"Other writers keep {where} busy; nothing was recorded.") from error
    except errors.InsufficientPrivilege as error:
        raise HandsNeeded(f"This role may not do that in {where}: {_first_line(error)}.") from error
    except errors.ReadOnlySqlTransaction as error:
        raise _takes_no_writes(where) from error
    except errors.SerializationFailure as error:  # at this isolation level nothing but a standby raises it
        raise Unavailable(
            f"{where.capitalize()} is a standby, and gave up this read for what its primary has cleared away"
            " (conflict with recovery). Repeating the command is safe."
        ) from error
    except (errors.DiskFull, errors.OutOfMemory, errors.TooManyConnections) as error:
        if _in_doubt(error):
            raise unavailable(where, error) from error
        kind = HandsNeeded if isinstance(error, errors.DiskFull) else Unavailable
        raise kind(f"{where.capitalize()} has no room: {_first_line(error)}. Nothing was recorded.") from error
    except (
        errors.DataCorrupted,
        errors.IndexCorrupted,
        errors.IntegrityError,
        errors.CharacterNotInRepertoire,
    ) as error:
        raise Damaged(f"The log in {where} is damaged: {_first_line(error)}.") from error
    except psycopg.Error as error:
        if error.sqlstate == ISOLATION:
            raise HandsNeeded(
                f"Sessions in {where} begin as {_first_line(error)}; the log needs read committed.",
                fix=("ALTER DATABASE … SET default_transaction_isolation = 'read committed'",),
            ) from error
        if (
            "session is read-only" in str(error) and error.sqlstate is None
        ):  # libpq's, when it looks for one that writes
            raise _takes_no_writes(where) from error
        if error.sqlstate == ELSEWHERE:
            refuse_ended(where, loads(error.diag.message_primary or "{}"))
        if error.sqlstate in (NOTHING_TO_ERASE, GUARDED):
            raise Damaged(f"The log in {where} refused what its own heads allowed: {_first_line(error)}.") from error
        raise unavailable(where, error) from error


def _in_doubt(error: psycopg.Error) -> bool:
    """Tell whether a command may lie where another session finds it: `orch.record` commits before it waits.

    Not in its first step, and not where it says what its steps have returned: then it is withdrawn.
    """
    said = (error.diag.context or "").replace('"', "").splitlines()  # quoted, and with a schema, as the session has it
    steps = "\n".join(line for line in said if " = '" not in line)  # a line may hold what was asked, word for word
    return "record(integer," in steps and "write_or_leave(" not in steps and "answered(" not in steps


def unavailable(where: str, error: psycopg.Error) -> Unavailable:
    """Return what is said where nobody claims that nothing was recorded."""
    return Unavailable(f"{where.capitalize()} is not available: {_first_line(error)}. Repeating the command is safe.")


def _takes_no_writes(where: str) -> Unavailable:
    return Unavailable(f"{where.capitalize()} takes no writes: it is a standby, or set to read only.")


def _first_line(error: psycopg.Error) -> str:
    said = error.diag.message_primary
    if said is None:
        with suppress(IndexError):
            said = str(error).strip().splitlines()[0]
    return (said or type(error).__name__).rstrip(".")

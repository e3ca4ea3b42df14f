"""What PostgreSQL refuses, in our words."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from orjson import loads
from psycopg import errors
from psycopg.sql import Identifier, Literal

from adapters.log_notes import refuse_ended
from adapters.places import NAME_IT
from domain.errors import Damaged, HandsNeeded, NotFound, Unavailable

ISOLATION, NOTHING_TO_ERASE, GUARDED, ELSEWHERE = "OR003", "OR001", "OR002", "OR004"
"""What our functions and guards raise."""


@contextmanager
def spoken(where: str, role: str = "") -> Iterator[None]:
    """Say in our words what PostgreSQL refused to a role."""
    try:
        yield
    except (errors.InvalidSchemaName, errors.UndefinedTable, errors.UndefinedFunction) as error:
        raise NotFound(f"There is no log in {where}.", fix=("orch init",)) from error
    except errors.LockNotAvailable as error:
        if _in_doubt(error):
            raise unavailable(where, error) from error
        raise Unavailable(f"Other writers keep {where} busy; nothing was recorded.") from error
    except errors.InsufficientPrivilege as error:
        raise _may_not(where, role, first_line(error)) from error
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
        raise no_room(where, error) from error
    except (
        errors.DataCorrupted,
        errors.IndexCorrupted,
        errors.IntegrityError,
        errors.CharacterNotInRepertoire,
    ) as error:
        raise Damaged(f"The log in {where} is damaged: {first_line(error)}.") from error
    except psycopg.Error as error:
        if error.sqlstate == ISOLATION:
            raise HandsNeeded(
                f"Sessions in {where} begin as {first_line(error)}; the log needs read committed.",
                fix=("ALTER DATABASE … SET default_transaction_isolation = 'read committed'",),
            ) from error
        if (
            "session is read-only" in str(error) and error.sqlstate is None
        ):  # libpq's, when it looks for one that writes
            raise _takes_no_writes(where) from error
        if error.sqlstate == ELSEWHERE:
            refuse_ended(where, loads(error.diag.message_primary or "{}"))
        if error.sqlstate in (NOTHING_TO_ERASE, GUARDED):
            raise Damaged(f"The log in {where} refused what its own heads allowed: {first_line(error)}.") from error
        raise unavailable(where, error) from error


def no_room(where: str, error: psycopg.Error) -> Unavailable:
    """Return what is said where the server has no room for this: memory and sessions come free, a disk does not."""
    kind = HandsNeeded if isinstance(error, errors.DiskFull) else Unavailable
    return kind(f"{where.capitalize()} has no room: {first_line(error)}. Nothing was recorded.")


def _in_doubt(error: psycopg.Error) -> bool:
    """Tell whether a command may lie where another session finds it: `orch.record` commits before it waits.

    Not in its first step, and not where it says what its steps have returned: then it is withdrawn.
    """
    said = (error.diag.context or "").replace('"', "").splitlines()  # quoted, and with a schema, as the session has it
    steps = "\n".join(line for line in said if " = '" not in line)  # a line may hold what was asked, word for word
    return "record(integer," in steps and "write_or_leave(" not in steps and "answered(" not in steps


def unavailable(where: str, error: psycopg.Error) -> Unavailable:
    """Return what is said where nobody claims that nothing was recorded."""
    return Unavailable(f"{where.capitalize()} is not available: {first_line(error)}. Repeating the command is safe.")


def _takes_no_writes(where: str) -> Unavailable:
    said = f"{where.capitalize()} takes no writes: it is a standby, or set to read only."
    if "," in where:  # of several servers one may be about to take over
        return Unavailable(f"{said} Repeating the command is safe.")
    return HandsNeeded(f"{said} Name the server that takes writes.", fix=(NAME_IT,))


def _may_not(where: str, role: str, said: str) -> HandsNeeded:
    """Return what is said to a role without a right, and what the owner has to type who gives it."""
    name = Literal(role or "…").as_string(None)
    if "must be owner" in said or "permission denied for table" in said:
        wanted, fix = "Only the owner of the log may.", f"{NAME_IT}  # as the owner of the log"
    elif " for database " in said:
        database, named = (Identifier(each or "…").as_string(None) for each in (said.rpartition(" ")[2], role))
        wanted = "The owner of the database has to allow it."
        fix = f"GRANT CREATE ON DATABASE {database} TO {named};  -- as the owner of the database, in psql"
    else:
        may = "write" if "for function" in said or "for procedure" in said else "read"
        other = "" if may == "write" else "; 'write' lets it write, too"
        wanted, fix = (
            "The owner of the log has to admit it.",
            f"SELECT orch.admit({name}, '{may}');  -- as the owner of the log, in psql{other}",
        )
    return HandsNeeded(f"This role may not do that in {where}: {said}. {wanted}", fix=(fix,))


def first_line(error: psycopg.Error) -> str:
    """Return what the server or libpq says, in one line."""
    said = error.diag.message_primary
    if said is None:
        with suppress(IndexError):
            said = str(error).strip().splitlines()[0]
    return (said or type(error).__name__).rstrip(".")

"""The log of a project that is worked on through a service, and the folders that are copies of such a project."""

from collections.abc import Callable

from adapters.durable import sync
from adapters.places import COPY, FOLDER, MARK, Places
from adapters.remote_log import RemoteLog
from adapters.service_at import service_at
from adapters.service_line import ServiceLine
from adapters.service_work import QUIET_S
from domain.errors import InvalidInput, Unavailable


def reached_log(places: Places) -> RemoteLog:
    """Ask the service for its log; a folder that has another one is never taken for its project."""
    _refuse_own_log(places)
    line = ServiceLine(service_at(places))
    try:
        return _log_behind(line, places)
    except BaseException:
        line.close()
        raise


def reached_service(places: Places, *, seen: Callable[[str], str] = str) -> ServiceLine:
    """Return a line for what needs no log here; only a folder that is a copy of one asks first which log it is.

    So a token needs no scope but that of what is asked. `seen` says how a command that the service names reads here.
    However short a question may take by the settings: work that is told of is quiet for longer than that.
    """
    _refuse_own_log(places)
    at = service_at(places)
    line = ServiceLine(at._replace(timeout_s=max(at.timeout_s, QUIET_S)), seen=seen)
    try:
        if copied_from(places) is not None:
            _log_behind(line, places)
    except BaseException:
        line.close()
        raise
    return line


def _refuse_own_log(places: Places) -> None:
    if places.rival is not None:
        raise InvalidInput(
            f"{places.rival} names a log, and a service is named, too: {places.url} would be another log.",
            fix=places.cures,
        )
    own = places.root / FOLDER
    if places.is_copy and any((own / name).is_file() for name in ("log.db", MARK)):
        raise InvalidInput(
            f"{places.root} has a log of its own, but a service is named: {places.url} would be another log.",
            fix=places.cures,
        )


def _log_behind(line: ServiceLine, places: Places) -> RemoteLog:
    """Return the log of a service. Raises `InvalidInput` where the folder is a copy of another one."""
    log = RemoteLog(line)
    known = copied_from(places)
    if known not in (None, log.origin):
        raise InvalidInput(
            f"{places.root} is a copy of the log {known}, but {log.where} has {log.origin}.",
            fix=("orch config show url",),
        )
    return log


def copied_from(places: Places) -> str | None:
    """Return the origin of the log that a folder is a copy of, or None."""
    if not places.is_copy:
        return None
    try:
        return (places.root / FOLDER / COPY).read_text("utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"{places.root / FOLDER / COPY} cannot be read: {error}.") from error


def make_copy(places: Places, origin: str) -> None:
    """Note of which log a folder is a copy, so that another service is never taken for it."""
    from adapters.new_files import new_file

    if copied_from(places) is None:
        with new_file(places.root / FOLDER / COPY, replace=False, is_named=False) as file:
            file.write(f"{origin}\n".encode())
        sync(places.root / FOLDER)

"""The project around the current folder, open for one command or for several."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from adapters.places import Places, find
from adapters.stores import AnyLog, open_log
from adapters.workspace import Workspace
from cli.given import flags
from cli.moment_said import say
from domain.errors import Unavailable
from usecases.project import Project

if TYPE_CHECKING:
    from adapters.remote_log import RemoteLog
    from cli.progress import Progress


@contextmanager
def opened(*, to_write: bool = False) -> Iterator[Project]:
    """Open the project around the current folder."""
    given = flags()
    places = find(here(), flags=given)
    if _kept is not None:
        yield project_of(places, _kept.log(places, read_only=not to_write), given)
        return
    log = log_at(places, read_only=not to_write)
    try:
        yield project_of(places, log, given)
    finally:
        log.close()


def log_at(places: Places, *, read_only: bool) -> "AnyLog | RemoteLog":
    """Open the log of a project, or reach the service that has it."""
    if places.url is None:
        return open_log(places, read_only=read_only)
    from adapters.far_logs import reached_log

    return reached_log(places)


def project_of(places: Places, log: "AnyLog | RemoteLog", given: Mapping[str, str]) -> Project:
    """Return the project of a log that was opened: decided here, or by the service behind which it is."""
    if places.url is None:
        return Project(places, log, Workspace(places), given, say, _warn, metering=_meter)
    from adapters.no_workspace import NoWorkspace
    from adapters.remote_log import RemoteLog
    from usecases.far import FarProject

    assert isinstance(log, RemoteLog)
    files = Workspace(places) if places.is_copy else NoWorkspace(places)
    return Project(places, log, files, given, say, _warn, metering=_meter, far=FarProject(log))


def _warn(trouble: str) -> None:
    from cli.cached_reads import warn_once

    warn_once(trouble)


def _meter(total: int, what: str) -> "Progress":
    from cli.progress import Progress

    return Progress(total, what)


class _Kept:
    """Logs that stay open for several commands, so that threads share their commits."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, bool], AnyLog | RemoteLog] = {}
        self._guard = Lock()

    def log(self, places: Places, *, read_only: bool) -> "AnyLog | RemoteLog":
        """Return the one log of a project; the first who asks opens it."""
        with self._guard:
            found = self._open.get((places.address, read_only))
            if found is None:
                found = self._open[places.address, read_only] = log_at(places, read_only=read_only)
            return found

    def close(self) -> None:
        for log in self._open.values():
            log.close()


_kept: _Kept | None = None
"""What `kept_open` keeps; for the whole process, because threads do not inherit a context."""


@contextmanager
def kept_open() -> Iterator[None]:
    """Let every command in the block, in whatever thread, use one open log instead of opening its own."""
    global _kept  # noqa: PLW0603  # see there
    before, _kept = _kept, _Kept()
    try:
        yield
    finally:
        _kept.close()
        _kept = before


def here() -> Path:
    """Return the current folder, or say that it is gone."""
    try:
        return Path.cwd()
    except OSError as error:
        raise Unavailable("The current folder does not exist any more.", fix=("cd ~",)) from error

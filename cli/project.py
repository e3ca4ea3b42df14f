"""An open project: its log, its templates, its files."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from adapters.places import Places, find
from adapters.stores import AnyLog, open_log
from adapters.workspace import Workspace
from cli.given import flags
from domain.errors import Unavailable
from domain.event_log import EventLog, Head
from domain.phase_ids import checked, stream_of

if TYPE_CHECKING:  # a read must not pay for the event classes
    from cli.options import Asked
    from domain.commands import Command, Meta
    from domain.event_log import Receipt
    from domain.templates import Templates


class Project(NamedTuple):
    """What a command works on."""

    places: Places
    log: EventLog
    files: Workspace

    def head(self, phase: str) -> Head | None:
        """Return the head of a phase as it is now."""
        stream = stream_of(checked(phase))
        return self.log.heads([stream])[1].get(stream)

    def meta(self, asked: "Asked") -> "Meta":
        """Return who asks, when, and under which command id."""
        from adapters.actor import acting
        from domain.commands import Meta

        by = acting(asked.actor, asked.actor_kind, root=self.places.root)
        return Meta(asked.command_id, by, datetime.now(UTC))

    @property
    def templates(self) -> "Templates":
        """The project's templates; compiled ones are kept beside the store."""
        from adapters.templates import JinjaTemplates

        return JinjaTemplates(self.places.templates, self.places.state / "cache")

    def handle(self, command: "Command") -> "Receipt":
        """Handle a command with this project's log and templates."""
        from cli.snapshotting import keep_due
        from domain.handler import handle

        receipt = handle(command, log=self.log, templates=self.templates)
        if not receipt.repeated:
            with suppress(Unavailable):  # what was recorded is recorded; a snapshot can be made at any time
                keep_due(self.log, receipt.first, receipt.last)
        return receipt


@contextmanager
def opened(*, to_write: bool = False) -> Iterator[Project]:
    """Open the project around the current folder."""
    places = find(here(), flags=flags())
    if _kept is not None:
        yield Project(places, _kept.log(places, read_only=not to_write), Workspace(places))
        return
    log = open_log(places, read_only=not to_write)
    try:
        yield Project(places, log, Workspace(places))
    finally:
        log.close()


class _Kept:
    """Logs that stay open for several commands, so that threads share their commits."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, bool], AnyLog] = {}
        self._guard = Lock()

    def log(self, places: Places, *, read_only: bool) -> AnyLog:
        """Return the one log of a project; the first who asks opens it."""
        with self._guard:
            found = self._open.get((places.address, read_only))
            if found is None:
                found = self._open[places.address, read_only] = open_log(places, read_only=read_only)
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

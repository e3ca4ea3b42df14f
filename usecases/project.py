"""An open project: its log, its templates, its files, and the settings given with the command."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Protocol

from adapters.places import Places
from adapters.settings import NOBODYS
from adapters.workspace import Workspace
from domain.errors import Unavailable
from domain.event_log import EventLog, Head, Moment
from domain.phase_ids import checked, stream_of
from usecases.meters import Metering, unseen

if TYPE_CHECKING:  # a read must not pay for the event classes
    from adapters.checkpoint_files import CheckpointFiles
    from domain.actors import Actor
    from domain.commands import Command, Meta
    from domain.event_log import Receipt
    from domain.templates import Templates


class Claims(Protocol):
    """Who says that they ask, and under which command id."""

    @property
    def actor(self) -> str | None:
        """The name, where one was given."""

    @property
    def actor_kind(self) -> str | None:
        """What acts under it, where that was given."""

    @property
    def command_id(self) -> str:
        """What makes repeating safe."""


def tell_nobody(_: Moment) -> None:
    """Leave it to the answer to say which moment it is about."""


def warn_nobody(_: str) -> None:
    """Leave it unsaid: the answer is right all the same."""


class Decided(NamedTuple):
    """What was recorded, and what else a service told of it where it was one that decided."""

    receipt: "Receipt"
    told: Mapping[str, Any] = NOBODYS


class Far(Protocol):
    """A service that has the log, and decides there."""

    where: str

    @property
    def by(self) -> "Actor":
        """Whoever it knows us as."""

    @property
    def checkpoints(self) -> "CheckpointFiles":
        """The checkpoints that it keeps."""

    def decide(self, command: "Command") -> Decided:
        """Have a command decided there. Raises the refusals that `handle` does."""

    def get(self, path: str, at: str | None) -> Any:
        """Return the data of a read that only it can answer."""

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Return the data of what only it can do."""

    def fetch(self, path: str, body: dict[str, Any], file: IO[bytes]) -> None:
        """Write a file that only it can make."""

    def note_then(self, size: int) -> bytes:
        """Return the note that it signs for the log as it was at a size; one event at least."""

    def refuse_other(self, name: str | None, kind: str | None) -> None:
        """Refuse to be somebody else than it knows us as."""


class Project(NamedTuple):
    """What a command works on."""

    places: Places
    log: EventLog
    files: Workspace
    given: Mapping[str, str] = NOBODYS
    """Settings that came with the command, which are stronger than all others."""
    tell: Callable[[Moment], None] = tell_nobody
    """Called with the moment in the past that a read is about."""
    warn: Callable[[str], None] = warn_nobody
    """Called with what is wrong beside the log and does no harm to the answer."""
    kept: "Templates | None" = None
    """Templates that stay compiled for many commands; each command looks at their files again."""
    metering: Metering = unseen
    """Makes what shows how far long work is."""
    far: Far | None = None
    """The service that decides, where the log is not opened here."""

    def head(self, phase: str) -> Head | None:
        """Return the head of a phase as it is now."""
        stream = stream_of(checked(phase))
        return self.log.heads([stream])[1].get(stream)

    def meta(self, claims: Claims) -> "Meta":
        """Return who asks as far as this machine can tell, when, and under which command id."""
        from adapters.actor import acting
        from domain.commands import Meta

        if self.far is not None:
            self.far.refuse_other(claims.actor, claims.actor_kind)
            return Meta(claims.command_id, self.far.by, datetime.now(UTC))
        by = acting(claims.actor, claims.actor_kind, root=self.places.root)
        return Meta(claims.command_id, by, datetime.now(UTC))

    @property
    def templates(self) -> "Templates":
        """The project's templates; compiled ones are kept beside the store."""
        if self.kept is not None:
            return self.kept
        from adapters.templates import JinjaTemplates

        return JinjaTemplates(self.places.templates, self.places.state / "cache")

    @property
    def checkpoints(self) -> "CheckpointFiles":
        """The checkpoints that this project signed."""
        if self.far is not None:
            return self.far.checkpoints
        from adapters.checkpoint_files import CheckpointFiles

        return CheckpointFiles(self.places.checkpoints)

    def handle(self, command: "Command") -> "Receipt":
        """Handle a command with this project's log and templates."""
        return self.decide(command).receipt

    def decide(self, command: "Command") -> Decided:
        """Handle a command, here or where the log is."""
        if self.far is not None:
            return self.far.decide(command)
        from domain.handler import handle
        from usecases.snapshotting import keep_due

        receipt = handle(command, log=self.log, templates=self.templates)
        if not receipt.repeated:
            with suppress(Unavailable):  # what was recorded is recorded; a snapshot can be made at any time
                keep_due(self.log, receipt.first, receipt.last)
        return Decided(receipt)

"""Backups as what a recovery takes its events from."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.checkpoint_files import notes_of
from adapters.envelope import envelope_in
from adapters.places import Places
from adapters.signed_notes import opened
from adapters.stored_events import restored
from domain.checkpoints import Checkpoint
from domain.errors import InvalidInput, NotFound
from domain.event_log import Moment, Record
from domain.merkle import grow, root_of
from domain.restore_point import PointNamed, stream_of
from usecases.moments import position_of, time_of
from usecases.recover_checks import Parent
from usecases.recover_sources import Kind, parent_of

if TYPE_CHECKING:
    from adapters.backup_reading import Backups
    from adapters.stored_events import StoredEvent


class BackupSource:
    """The newest copy in some backups."""

    kind: Kind = "backup"

    def __init__(self, places: Places, backups: "Backups") -> None:
        self.places = places
        self.where = backups.storage.where
        self.backups = backups
        self.origin = backups.origin
        self.size = backups.head.last
        self._held: Checkpoint | None = None

    def origin_at(self, position: int) -> str:
        """Return the origin that the envelope at a position names."""
        return self.backups.origin_at(position)

    def parent(self) -> Parent:
        """Return what a recovered store is held against: the signed roots, and what is left beside the store."""
        parent = parent_of(self.places, self.origin, self.size, self.root_at, list(self.backups.keys))
        return parent._replace(where=self.where)

    def moment(self, to: str) -> Moment:
        """Return the moment that the words after --to name."""
        if to == "now":
            return self.backups.moment()
        if to.startswith("position:"):
            return self.backups.moment(position_of(to.removeprefix("position:")))
        if to.startswith("checkpoint:"):
            return self.backups.moment(self._covered(Path(to.removeprefix("checkpoint:"))))
        if to.startswith("point:"):
            return self.backups.moment(self._named(to.removeprefix("point:")))
        return self.backups.moment_at(time_of(to))

    def events(self, upto: int) -> "Iterator[StoredEvent]":
        """Yield the events up to a position; a segment is verified before its first one."""
        return self.backups.events(upto)

    def records(self, first: int) -> "Iterator[Record]":
        """Yield the rows from a position to the end, made anew."""
        for position, event in enumerate(self.backups.events(), 1):
            if position >= first:
                yield restored(position, event)[0]

    def redactions(self) -> dict[int, int]:
        """Return every redaction that any copy knows of, and those that the store around it knows."""
        return dict(self.backups.redactions)

    def carried(self, upto: int) -> dict[int, int]:
        """Return the redactions of positions up to N that the first N events do not hold."""
        return self.backups.carried(upto)

    def root_at(self, size: int) -> bytes:
        """Return the root at a size, which the signed manifest of the segment around it implies."""
        before = [manifest for manifest in self.backups.segments if manifest.last <= size]
        frontier, at = (list(before[-1].frontier), before[-1].last) if before else ([], 0)
        if at < size:
            around = self.backups.segments[len(before)]
            entries = self.backups.verified(around, list(frontier))
            for each, entry in enumerate(entries[: size - at], at):
                grow(frontier, each, entry.leaf)
        return root_of(frontier)

    def contradicts(self, size: int, root: bytes) -> str | None:
        """Hold events against the signed roots, and against the checkpoint that named the moment."""
        if root != self.root_at(size):
            return f"{self.where} is damaged: its signed root at {size} is not that of its events."
        if self._held is not None and self._held.root != root:
            return f"The checkpoint is of another history: the first {size} events in {self.where} differ."
        return None

    def _covered(self, path: Path) -> int:
        """Return the size of a checkpoint; the recovered store is held against its root."""
        try:
            (note,) = notes_of(path.read_bytes())
        except (OSError, ValueError):
            raise InvalidInput(f"{path} does not hold one checkpoint.", fix=("orch audit checkpoint",)) from None
        checkpoint = Checkpoint.parse(opened(note, self.backups.keys).text)
        if checkpoint.origin != self.origin:
            raise InvalidInput(f"{path} is a checkpoint of {checkpoint.origin}, not of {self.origin}.")
        if checkpoint.size > self.size:
            raise NotFound(f"{path} covers {checkpoint.size} events; the backups end at position {self.size}.")
        self._held = checkpoint
        return checkpoint.size

    def _named(self, name: str) -> int:
        """Look through all events for the one that gave the name: backups have no heads."""
        stream = stream_of(name).encode()
        for position, event in enumerate(self.backups.events(), 1):
            if stream in event.envelope:
                envelope = envelope_in(event.envelope, position)
                if (envelope["topic"], envelope["stream"].encode()) == (PointNamed.TOPIC, stream):
                    found: int = envelope["facts"]["position"]
                    return found
        raise NotFound(f"The backups hold no restore point {name}.", fix=("orch backup list",))

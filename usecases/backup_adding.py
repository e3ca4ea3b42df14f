"""Add to a target what the log holds and the target does not."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

import orjson

from adapters.backup_manifests import Manifest
from adapters.backup_reading import REDACTED
from adapters.stored_events import StoredEvent, stored
from domain.errors import Damaged
from domain.event_log import EventLog, Record
from domain.tree_ranges import range_root_of
from usecases.recovered import carried_by

if TYPE_CHECKING:
    from adapters.backup_target import Copy
    from adapters.backup_writing import BackupWriter

MOST_EVENTS = 16_384
MOST_BYTES = 16 * 1024 * 1024
"""A segment ends after so many events or bytes: it is made, and read, in memory."""


def add_new(
    log: EventLog,
    writer: "BackupWriter",
    *,
    full: bool = False,
    files: bytes | None = None,
    done: Callable[[int], None] = lambda _: None,
) -> list[Manifest]:
    """Add what the newest copy lacks, or all of it as a new copy; return the manifests of what was added.

    Raises `Damaged` where log and backups have different histories, or the log contradicts itself: what is damaged
    does not get into a backup.
    """
    tree = log.tree()
    if not full:
        _judge_history(log, writer, tree.size)
        if writer.last == tree.size:
            return []
    writer.begin(full=full)
    made = []
    for events in _segments(log, writer.last + 1, tree.size):
        made.append(writer.add(events, redacted=frozenset(redacted_in(log)), files=files))
        files = None
        done(len(events))
    if made and made[-1].root != tree.root:
        raise Damaged("The log is damaged: its tree is not that of its events.", fix=("orch audit verify",))
    writer.finish()
    return made


def rewrite_redacted(log: EventLog, writer: "BackupWriter", copy: "Copy") -> None:
    """Make a copy again without the texts that were erased since: rewritten from the log, which no longer has them."""
    gone = redacted_in(log)
    erased = frozenset(gone)

    def rewrite() -> None:
        for manifest in copy.manifests:
            if holds_erased(manifest, gone):
                events = [stored(record) for record in log.records(manifest.first, manifest.last)]
                made = writer.add(events, redacted=erased, made_at=manifest.made_at)
                if made.root != manifest.root:
                    raise Damaged(f"The log is not the one that {copy.name} was made of.", fix=("orch audit verify",))
            else:
                writer.take(manifest)

    writer.replace(copy.name, rewrite)


def holds_erased(manifest: Manifest, redacted: Iterable[int]) -> list[int]:
    """Return the positions whose erased text a segment still holds."""
    return [p for p in redacted if manifest.first <= p <= manifest.last and p not in manifest.erased]


def redacted_in(log: EventLog) -> dict[int, int]:
    """Return the redactions that a log obeys: position whose text is gone → position that says so."""
    found: dict[int, int] = {}
    for record in log.stream("ledger"):
        found |= redaction_in(record)
    return carried_by(log) | found


def redaction_in(record: Record) -> dict[int, int]:
    """Return what an event of the ledger erased: position whose text is gone → its own; nothing for other events."""
    if record.topic != REDACTED:
        return {}
    return {int(orjson.loads(record.envelope)["facts"]["position"]): record.position}


def _judge_history(log: EventLog, writer: "BackupWriter", size: int) -> None:
    if writer.last > size:
        raise Damaged(
            f"The backups in {writer.storage.where} hold {writer.last} events, this log only {size}: it was set back.",
            fix=("orch audit verify", "orch backup restore --out NEW"),
        )
    newest = writer.copy.manifests[-1] if writer.copy.manifests else None
    if newest and range_root_of(log)(0, newest.last) != newest.root:
        raise Damaged(
            f"The first {newest.last} events of this log are not those in {writer.storage.where}: one of them was"
            " rewritten.",
            fix=("orch audit verify", "orch backup verify"),
        )


def _segments(log: EventLog, first: int, last: int) -> Iterator[list[StoredEvent]]:
    """Yield the events in portions that fit a segment."""
    part: list[StoredEvent] = []
    size = 0
    for event in chain(map(stored, log.records(first, last)), [None]):
        if event is None or len(part) == MOST_EVENTS or size > MOST_BYTES:
            if part:
                yield part
            part, size = [], 0
        if event is not None:
            part.append(event)
            size += len(event.envelope) + len(event.payload or b"")

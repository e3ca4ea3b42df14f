"""What a recovery to a moment would do: where its events come from, what it would lose, how long it would take."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from adapters.places import Places
from adapters.settings import NOBODYS
from domain.errors import NotFound, Refusal
from domain.event_log import Record
from projections.recovery_loss import loss
from usecases.backup_places import is_said, storage_of
from usecases.meters import Metering, unseen
from usecases.recover_answers import PlanAnswer, SourceState
from usecases.recover_checks import check
from usecases.recover_moments import moment_to, resolution
from usecases.recover_sources import Kind, Source
from usecases.refilling import refill

SAMPLE = 2000
"""So many events are recovered for trial, to tell how long all of them will take."""


def planned(source: Source, to: str, given: Mapping[str, str] = NOBODYS, *, metering: Metering = unseen) -> PlanAnswer:
    """Return what a recovery to a moment takes and would lose; nothing is changed."""
    moment = moment_to(source, to)
    return {
        **resolution(source, to, moment),
        "sources": _sources(source, moment.position, given),
        "checkpoints": _kept(source, moment.position),
        "lost": loss(_after(source, moment.position, metering)),
        "seconds": _seconds(source, moment.position, metering),
    }


def _after(source: Source, position: int, metering: Metering) -> Iterator[Record]:
    with metering(source.size - position, "events counted") as progress:
        for record in source.records(position + 1):
            yield record
            progress.advance()


def _sources(source: Source, position: int, given: Mapping[str, str]) -> list[SourceState]:
    """Return every place that holds events, and what it lacks of those up to a position."""
    other = _store(source.places, position) if source.kind == "backup" else _backups(source.places, position, given)
    return [_state(source.kind, source.where, source.size, position), *([other] if other else [])]


def _state(kind: Kind, where: str, size: int, position: int, problem: str | None = None) -> SourceState:
    if problem is None and size < position:
        problem = f"It ends at position {size}; positions {size + 1} to {position} are not there."
    return {"kind": kind, "where": where, "size": size, "usable": problem is None, "problem": problem}


def _store(places: Places, position: int) -> SourceState | None:
    """Return how far the store reaches; None where it is behind a service, which is not asked about other places."""
    from adapters.stores import open_log, store_of

    if places.url is not None:
        return None
    try:
        with open_log(places, read_only=True) as log:
            return _state("store", store_of(places), log.tree().size, position)
    except Refusal as refusal:
        return _state("store", store_of(places), 0, position, refusal.message)


def _backups(places: Places, position: int, given: Mapping[str, str]) -> SourceState | None:
    """Return how far the backups reach; their events are not opened, so no key is needed.

    None where nobody has made any, or said where they go.
    """
    from adapters.backup_reading import open_backups

    storage = storage_of(places, given)
    try:
        backups = open_backups(storage)
        problem = None if backups.can_open else "It is encrypted: its private key has to open it."
        return _state("backup", storage.where, backups.head.last, position, problem)
    except NotFound as refusal:
        return _state("backup", storage.where, 0, position, refusal.message) if is_said(places, given) else None
    except Refusal as refusal:
        return _state("backup", storage.where, 0, position, refusal.message)


def _kept(source: Source, position: int) -> list[str]:
    """Return the kept checkpoints that the recovered store will be held against."""
    files = source.parent().checkpoints
    return [str(file) for file in files if file.stem.isdecimal() and int(file.stem) <= position]


def _seconds(source: Source, position: int, metering: Metering) -> float:
    """Recover the first events for trial and return how long all of them would take."""
    size = min(position, SAMPLE)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.db"
        began = monotonic()
        with metering(size, "events written for trial") as progress:
            refill(path, source.origin_at(size), source.events(size), done=progress.advance)
        with metering(size, "events verified for trial") as progress:
            check(path, parent=None, done=progress.advance)
        return round((monotonic() - began) * position / size, 3)

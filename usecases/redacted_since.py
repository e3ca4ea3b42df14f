"""What the log in force has erased: other stores of the project may still hold it."""

import shlex
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from adapters.places import Places, left_of
from adapters.retiring import FOLDER as RETIRED
from adapters.retiring import LOG
from adapters.sqlite_log import SqliteLog
from adapters.stores import AnyLog
from domain.errors import Damaged, RedactedSince, Refusal
from domain.event_log import EventLog, Record
from domain.ledger import STREAM as LEDGER
from usecases.backup_adding import redaction_in
from usecases.recovered import carried_by, lineage_in, recovered_note


def refuse_erased_since(store: str, new: AnyLog, old: AnyLog, state: Path, *, again: Sequence[str]) -> None:
    """Refuse a recovered store that holds texts of events which the store in force shares, and has erased.

    `again` are the words that name a place for another new store.
    """
    held = [position for position in sorted(_redacted(old)) if _is_held(position, new, old)]
    if held:
        raise RedactedSince(store, held, fix=_command(again, new, state))


def redacted_in_force(places: Places, log: EventLog) -> dict[int, int]:
    """Return the redactions that the project's store in force obeys, of events that another of its stores shares."""

    def is_shared(position: int, leaf: bytes) -> bool:
        mine = _at(position, log)
        return mine is not None and mine.leaf == leaf

    return redacted_in_force_of(places, is_shared)


def redacted_in_force_of(places: Places, is_shared: Callable[[int, bytes], bool]) -> dict[int, int]:
    """Return the same for events that can be told by position and leaf alone."""
    state = in_force(places)
    try:
        force = SqliteLog.open(state / LOG, read_only=True) if state != places.state.resolve() else None
    except Refusal:
        return {}
    if force is None:
        return {}
    with force:
        rows = ((gone, by, _at(gone, force)) for gone, by in _redacted(force).items())
        return {gone: by for gone, by, row in rows if row is not None and is_shared(gone, row.leaf)}


def in_force(places: Places) -> Path:
    """Return where the project's store in force lies, also where the settings name one that was retired."""
    state = places.state.resolve()
    return state.parent.parent if state.parent.name == RETIRED else left_of(places.root, env={}).state.resolve()


def _redacted(log: EventLog) -> dict[int, int]:
    """Return the redactions of a log; of a damaged one those that can be read, which must not stop a recovery."""
    found: dict[int, int] = {}
    with suppress(Damaged):
        found |= carried_by(log)
    with suppress(Damaged):
        for record in log.stream(LEDGER):
            with suppress(ValueError, LookupError, TypeError):
                found |= redaction_in(record)
    return found


def _is_shared(position: int, one: EventLog, other: EventLog) -> bool:
    """Tell whether two logs have the same event at a position."""
    mine, theirs = _at(position, one), _at(position, other)
    return mine is not None and theirs is not None and mine.leaf == theirs.leaf


def _is_held(position: int, new: AnyLog, old: AnyLog) -> bool:
    """Tell whether both have the same event at a position, and the new one its text."""
    mine = _at(position, new)
    return mine is not None and mine.payload is not None and _is_shared(position, new, old)


def _at(position: int, log: EventLog) -> Record | None:
    try:
        return next(log.records(position, position), None)
    except Damaged:
        return None


def _command(place: Sequence[str], new: AnyLog, state: Path) -> tuple[str, ...]:
    """Return the command that makes the store again, from where it was made."""
    note, forks = recovered_note(new), lineage_in(new).forks
    # without a note it was forked before a promotion was interrupted, and has more events than were recovered
    size = new.moment().position if note is not None or not forks else forks[-1].size
    words = ["recover", "run", "--to", f"position:{size}", *place]
    if note is not None and note.source == "salvage":
        words = ["recover", "salvage", *place]
    if note is not None and note.source == "backup":
        words += ["--from-backups", note.where]
    elif note is not None and Path(note.where).is_absolute() and note.where != str(state):  # no database, no service
        words = ["--state-dir", note.where, *words]
    return (shlex.join(["orch", *words]),)


def free_folder(folder: Path) -> str:
    """Return the name of a folder beside the given one that is not there yet."""
    number = 2
    while (path := folder.with_name(f"{folder.name}-{number}")).exists():
        number += 1
    return str(path)

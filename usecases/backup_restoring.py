"""A new log made of backups, and read back once more."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.settings import is_database_url
from domain.errors import Damaged
from domain.event_log import TreeHead
from usecases.meters import Metering, unseen

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

    from adapters.backup_reading import Backups
    from adapters.stored_events import StoredEvent
    from domain.event_log import Record


def refilled_from(
    backups: "Backups",
    position: int,
    address: str,
    to: str,
    more: Mapping[str, str] | None = None,
    *,
    metering: Metering = unseen,
) -> TreeHead:
    """Make the log of a new store at an address, and read it back once more. Raises `Damaged`.

    It says where it comes from, and so takes no writes: two logs must not go on under one name.
    """
    from usecases.recovered import Recovered
    from usecases.refilling import refill

    note = Recovered("backup", backups.storage.where, backups.origin, backups.head.last, to)
    notes = note.notes(backups.carried(position), more)
    given = sha256()
    with metering(2 * position, "events") as progress:
        events = _hashed(backups.events(position), given)
        tree = refill(address, backups.origin_at(position), events, notes=notes, done=progress.advance)
        _judge_new(address, tree, given.digest(), progress.advance)
    return tree


def _hashed(events: "Iterable[StoredEvent]", into: "Hash") -> "Iterator[StoredEvent]":
    """Yield the events, their bytes added to a hash on the way."""
    from adapters.backup_segments import record_of

    for position, event in enumerate(events, 1):
        into.update(record_of(position, event))
        yield event


def _judge_new(address: str, tree: TreeHead, digest: bytes, done: Callable[[int], None]) -> None:
    """Read a new store from where it is: it holds the events that were given, in a tree of them, and is sound."""
    from adapters.envelope import leaf_of
    from adapters.sqlite_creation import remove_beside
    from adapters.stored_events import stored
    from adapters.stores import opened_at

    found = sha256()

    def leaves(records: "Iterable[Record]") -> "Iterator[StoredEvent]":
        for record in records:
            if record.leaf != leaf_of(record):
                raise Damaged(f"The new store has another leaf at position {record.position}; nothing was kept of it.")
            done(1)
            yield stored(record)

    with opened_at(address, read_only=True) as log:
        for _ in _hashed(leaves(log.records()), found):
            pass
        if found.digest() != digest or log.tree() != tree or log.unsound():
            raise Damaged("The new store is not what the backups hold; nothing was kept of it.")
    if not is_database_url(address):  # nobody else has it open, and all of it is in the file
        remove_beside(Path(address))

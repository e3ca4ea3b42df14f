"""Where a recovery takes its events from: the store as it lies there, or backups alone."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Literal, Protocol, TypeAlias

from adapters.checkpoint_files import SUFFIX
from adapters.envelope import leaf_of
from adapters.places import Places
from adapters.stored_events import StoredEvent, stored
from adapters.stores import store_of
from domain.errors import Damaged
from domain.event_log import EventLog, Moment, Record
from domain.tree_ranges import TILE, range_root_of
from projections.heads import heads_from
from usecases.backup_adding import redacted_in
from usecases.moments import resolved
from usecases.reads import decoded
from usecases.recover_checks import Parent, RootAt, keys_known
from usecases.recovered import carried_by, lineage_in, state_digest
from usecases.redacted_since import redacted_in_force

Fold: TypeAlias = Callable[[int], str | None]
Kind = Literal["store", "backup"]


class Source(Protocol):
    """A log that can be read from its beginning, and what is known about it."""

    places: Places
    kind: Kind
    where: str
    origin: str
    size: int

    def origin_at(self, position: int) -> str:
        """Return the origin that the envelope at a position has to name."""
        ...

    def parent(self) -> Parent:
        """Return what a recovered store is held against."""
        ...

    def moment(self, to: str) -> Moment:
        """Return the moment that the words after --to name. Raises `NotFound`, `InvalidInput`, `Damaged`."""
        ...

    def events(self, upto: int) -> Iterator[StoredEvent]:
        """Yield the events from position 1 to a position. Raises `Damaged` where one is missing."""
        ...

    def records(self, first: int) -> Iterator[Record]:
        """Yield the rows from a position to the end."""
        ...

    def redactions(self) -> dict[int, int]:
        """Return every redaction that is known, of any time: position whose text is gone → position that says so."""
        ...

    def carried(self, upto: int) -> dict[int, int]:
        """Return the redactions of positions up to N that the first N events do not hold."""
        ...

    def contradicts(self, size: int, root: bytes) -> str | None:
        """Say what is wrong with the events up to a position, whose tree has this root; None for the right one."""
        ...


class Store:
    """The project's store, or what a service tells of it."""

    kind: Kind = "store"

    def __init__(self, places: Places, log: EventLog) -> None:
        self.places = places
        self.log = log
        self.where = store_of(places)
        self.origin = log.origin
        self.size = log.tree().size

    def origin_at(self, position: int) -> str:
        """Return the origin that the envelope at a position has to name."""
        lineage = lineage_in(self.log)
        return lineage.origin_at(position) if lineage.forks else self.origin

    def parent(self) -> Parent:
        """Return what a recovered store is held against: the store's tree, its keys and the checkpoints it signed."""
        root_at = range_root_of(self.log)
        found = parent_of(self.places, self.origin, self.size, lambda size: root_at(0, size), keys_known(self.log))
        found = found._replace(where=self.where)
        with suppress(Damaged, LookupError, TypeError, ValueError, AttributeError):  # heads that say nothing sensible
            return found._replace(lineage=lineage_in(self.log))
        return found

    def moment(self, to: str) -> Moment:
        """Return the moment that the words after --to name."""
        return self.log.moment() if to == "now" else resolved(to, self.log)[0]

    def events(self, upto: int) -> Iterator[StoredEvent]:
        """Yield the events up to a position."""
        expected = 1
        for record in self.log.records(1, upto):
            if record.position != expected:
                break
            yield stored(record)
            expected += 1
        if expected <= upto:
            raise Damaged(f"{self.where} is damaged: it lacks position {expected}.")

    def rows(self, upto: int) -> Iterator[list[Any]]:
        """Yield the rows up to a position as they are, in pages; nothing is made of them. Raises `Damaged`."""
        expected = 1
        for page in self.log.pages(Record._fields, 1, upto):
            until = min(expected + TILE - 1, upto)
            lacking = set(range(expected, until + 1)).difference([row[0] for row in page])
            if lacking:
                raise Damaged(f"{self.where} is damaged: it lacks position {min(lacking)}.")
            yield page
            expected = until + 1

    def records(self, first: int) -> Iterator[Record]:
        """Yield the rows from a position to the end."""
        return self.log.records(first, self.size)

    def redactions(self) -> dict[int, int]:
        """Return every redaction of the ledger, those that the store itself carries, and those of the log in force."""
        return redacted_in_force(self.places, self.log) | redacted_in(self.log)

    def carried(self, upto: int) -> dict[int, int]:
        """Return the redactions of positions up to N that the first N events do not hold."""
        carried = carried_by(self.log)
        told = {gone for gone, by in redacted_in(self.log).items() if by <= upto and gone not in carried}
        return {gone: by for gone, by in self.redactions().items() if gone <= upto and gone not in told}

    def state_at(self, size: int) -> str | None:
        """Return the digest of the state that a fold of the first events gives, or None where they do not fold."""
        try:
            return state_digest(heads_from(decoded(self.log.records(1, size)))) if size <= self.size else None
        except Damaged:
            return None

    def contradicts(self, size: int, root: bytes) -> str | None:
        """Hold events against the store's own tree; name the first one that is not what its leaf says."""
        if root == range_root_of(self.log)(0, size):
            return None
        for record in self.log.records(1, size):
            if leaf_of(record) != record.leaf:
                return f"{self.where} is damaged: position {record.position} is not what its leaf says."
        return f"{self.where} is damaged: its tree over positions 1 to {size} is not that of its events."


def parent_of(places: Places, origin: str, size: int, root_at: RootAt, keys: list[str]) -> Parent:
    """Return what a recovered store is held against, with the checkpoints that are kept beside the store."""
    try:
        kept = sorted(places.checkpoints.glob(f"*{SUFFIX}"))
    except OSError:
        kept = []
    return Parent(str(places.state), origin, size, root_at, keys, kept)

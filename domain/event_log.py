"""The port to the log: what every store must do, in words of the domain."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from domain.actors import Actor
from domain.errors import Refusal

if TYPE_CHECKING:  # `orch status` reads heads only and must not pay for the event classes
    from domain.events import DomainEvent

Facts = dict[str, Any]


class Decision(NamedTuple):
    """All that one accepted command wants to write, and all that was read to accept it."""

    command_id: str
    fingerprint: str
    """Hex SHA-256 of what the caller asked for; tells a repeated command from a reused id."""
    events: Sequence["DomainEvent"]
    heads: Mapping[str, Facts]
    """The new head of every stream that the events belong to: JSON-able facts."""
    expects: Mapping[str, int]
    """The version of every stream that was read to decide; 0 where there was none."""
    causation: str | None = None
    correlation: str | None = None
    erases: Sequence[int] = ()
    """Positions whose free text goes for good, in the same transaction: those that its redactions name."""


class Receipt(NamedTuple):
    """Proof that a command is in the log for good."""

    command_id: str
    first: int
    last: int
    recorded_at: int
    """Microseconds since the epoch, UTC: the one recorded time of all events of the command."""
    repeated: bool = False
    """The command had been recorded before; nothing was written this time."""


class KnownCommand(NamedTuple):
    """A line of the table of commands: which positions a command wrote."""

    command_id: str
    first: int
    last: int


class Moment(NamedTuple):
    """A place in the log and what time it was there (µs since the epoch; position 0 is before the first event)."""

    position: int
    recorded_at: int | None
    next_recorded_at: int | None


class Head(NamedTuple):
    """The latest facts of one stream."""

    stream: str
    version: int
    position: int
    facts: Facts


class Snapshot(NamedTuple):
    """The heads of all streams as they were at a position: kept, so that an earlier state costs no long fold."""

    position: int
    heads: dict[str, Head]


class Record(NamedTuple):
    """One stored row of the log, its bytes as written."""

    position: int
    recorded_at: int
    clock: int
    """What the store's clock said, µs since the epoch; differs from `recorded_at` when the clock went back."""
    stream: str
    version: int
    topic: str
    command_id: str
    envelope: bytes
    salt: bytes | None
    payload: bytes | None
    """Canonical JSON of the free text; None when the event has none or it was erased (the envelope tells which)."""
    leaf: bytes


class Told(NamedTuple):
    """What one event says, for readers: its envelope opened, its free text beside it."""

    position: int
    recorded_at: int
    clock: int
    topic: str
    command_id: str
    by: Actor
    facts: Facts
    texts: Facts | None
    """The free text by field; None where there is none or it was erased."""
    erased: bool
    occurred_at: str = ""
    """When the actor says it happened, as the envelope writes it: RFC 3339, UTC, six decimals."""


class TreeHead(NamedTuple):
    """The RFC 6962 tree over the first `size` entries."""

    size: int
    root: bytes
    frontier: tuple[bytes, ...]
    """Roots of the perfect subtrees from left to right, the largest first."""


class EventLog(Protocol):
    """One append-only log. Every method may raise `Unavailable` or `Damaged`."""

    @property
    def origin(self) -> str:
        """The log's name, `host/project-uuid`: part of every envelope and the key name of its checkpoints."""
        ...

    def append(self, decisions: Sequence[Decision]) -> list[Receipt | Refusal]:
        """Write decisions durably, each wholly or not at all, and answer each in its place.

        An answer is a `Receipt`, a `Conflict` (something in `expects` has changed), or a `CommandIdReused`.
        One refused decision leaves the others alone. Returns only after the commit reached the disk.
        What a decision erases takes the fingerprint of the command with it that wrote the text: a short text could
        be guessed from it.
        """
        ...

    def scrub(self) -> None:
        """Leave nothing of erased texts in whatever the store keeps beside its rows.

        Raises `Unavailable` while somebody still reads an older state; doing it again later finishes it.
        """
        ...

    def receipt(self, command_id: str) -> tuple[Receipt, str | None] | None:
        """Return the receipt and the fingerprint of a recorded command (`repeated` is set), or None.

        The fingerprint is None where it was rebuilt from envelopes, which do not carry it.
        """
        ...

    def commands(self, *, after: str = "") -> Iterator[KnownCommand]:
        """Yield every recorded command, ordered by its id; those after an id, where one is named."""
        ...

    def heads(self, streams: Sequence[str]) -> tuple[Moment, dict[str, Head]]:
        """Return the heads of those streams that exist, all as of one moment."""
        ...

    def heads_below(self, prefix: str) -> tuple[Moment, dict[str, Head]]:
        """Return the heads of all streams whose name starts with the prefix, ordered by name, as of one moment."""
        ...

    def all_heads(self) -> tuple[Moment, Mapping[str, Head]]:
        """Return the heads of all streams, ordered by name, as of one moment; there may be very many.

        Each is made anew whenever it is looked at, and raises `Damaged` then where it cannot be read.
        """
        ...

    def told(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Told]:
        """Return what the events at those (stream, version) places say.

        Raises `Damaged` for a place that does not exist: heads name only events that are there.
        """
        ...

    def stream(self, stream: str, *, after: int = 0, upto: int | None = None) -> Iterator[Record]:
        """Yield the records of one stream in order: those after a version, up to and including a position."""
        ...

    def records(self, first: int = 1, last: int | None = None) -> Iterator[Record]:
        """Yield the records between two positions, both included, in order."""
        ...

    def snapshot(self, position: int) -> Snapshot | None:
        """Return the latest snapshot at or before a position, or None where none is kept."""
        ...

    def snapshot_positions(self) -> list[int]:
        """Return the positions of all snapshots, in order."""
        ...

    def snapshot_lines(self, position: int) -> bytes:
        """Return the unpacked bytes of one snapshot: what `snapshot` makes heads of. Raises `NotFound`."""
        ...

    def keep_snapshot(self, position: int, heads: Mapping[str, Head]) -> None:
        """Keep the heads of all streams as of a position. A position that has a snapshot keeps the one it has."""
        ...

    def forget_snapshots(self) -> None:
        """Throw all snapshots away; they are made from the events and can be made again."""
        ...

    def replace_heads(self, position: int, heads: Mapping[str, Head]) -> bool:
        """Put these heads in the place of all kept ones; False, and nothing done, where the log ends elsewhere."""
        ...

    def pages(self, columns: Sequence[str], first: int, last: int) -> Iterator[list[tuple[Any, ...]]]:
        """Yield some columns of the records between two positions, named as in `Record`, up to 256 rows at a time.

        This is for readers of everything: a page ends where a full tile ends, and holds what rows there are.
        """
        ...

    def moment(self, position: int | None = None) -> Moment:
        """Return the moment of a position, or of the last one. Raises `NotFound` beyond the end."""
        ...

    def moment_at(self, recorded_at: int) -> Moment:
        """Return the last moment whose recorded time is not after that time; position 0 if all are after it."""
        ...

    def tree(self) -> TreeHead:
        """Return the tree head that was kept with the last append."""
        ...

    def tile(self, level: int, number: int) -> bytes | None:
        """Return a full tile: 256 hashes of 32 bytes (C2SP tlog-tiles), or None while it is not full."""
        ...

    def hashes(self, level: int, start: int, stop: int) -> list[bytes]:
        """Return the hashes [start, stop) of a tile level, counted from 0, as far as the log has them.

        Level 0 is the leaves (leaf 0 is position 1); each hash of a higher level is the root of a full tile below.
        Full tiles are cheaper by `tile`; this is for the growing ones, and so for fewer than 256 at a time.
        """
        ...

    def notes(self) -> dict[str, str]:
        """Return what the store keeps about itself, its origin for one. It is no part of the tree, and so no proof."""
        ...

    def unsound(self) -> list[str]:
        """Return what the store finds wrong with its own indexes and pages, in its own words; nothing as a rule."""
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...

"""The port to the log, in memory: the same promises as a store on disk, except that it forgets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

from adapters.codec import encode
from adapters.envelope import canonical, entry_of
from adapters.envelope import told as told_by
from adapters.snapshots import heads_in, lines_of
from domain.errors import CommandIdReused, Conflict, Damaged, NotFound, Refusal
from domain.event_log import Decision, Head, KnownCommand, Moment, Receipt, Record, Snapshot, Told, TreeHead
from domain.merkle import grow, leaf_hash, node_hash, root_of

TILE = 256


class MemoryLog:
    """A complete `EventLog`. The clock gives µs since the epoch."""

    def __init__(self, origin: str = "host/project", *, clock: Callable[[], int] = lambda: 0) -> None:
        self._origin = origin
        self._clock = clock
        self._records: list[Record] = []
        self._heads: dict[str, Head] = {}
        self._commands: dict[str, tuple[Receipt, str | None]] = {}
        self._frontier: list[bytes] = []
        self._snapshots: dict[int, bytes] = {}
        self._one_writer = Lock()

    def copied(self) -> "MemoryLog":
        """Return another log that holds the same, for trying what would happen."""
        other = MemoryLog(self._origin, clock=self._clock)
        other._records, other._heads, other._commands = [*self._records], {**self._heads}, {**self._commands}
        other._frontier, other._snapshots = [*self._frontier], {**self._snapshots}
        return other

    @property
    def origin(self) -> str:
        return self._origin

    def append(self, decisions: Sequence[Decision]) -> list[Receipt | Refusal]:
        with self._one_writer:
            return [self._append(decision) for decision in decisions]

    def receipt(self, command_id: str) -> tuple[Receipt, str | None] | None:
        known = self._commands.get(command_id)
        return known and (known[0]._replace(repeated=True), known[1])

    def commands(self, *, after: str = "") -> Iterator[KnownCommand]:
        for command_id, (receipt, _) in sorted(each for each in self._commands.items() if each[0] > after):
            yield KnownCommand(command_id, receipt.first, receipt.last)

    def heads(self, streams: Sequence[str]) -> tuple[Moment, dict[str, Head]]:
        return self.moment(), {stream: self._heads[stream] for stream in streams if stream in self._heads}

    def heads_below(self, prefix: str) -> tuple[Moment, dict[str, Head]]:
        return self.moment(), {name: head for name, head in sorted(self._heads.items()) if name.startswith(prefix)}

    def all_heads(self) -> tuple[Moment, Mapping[str, Head]]:
        return self.heads_below("")

    def told(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Told]:
        found = {(r.stream, r.version): told_by(r) for r in self._records if (r.stream, r.version) in set(places)}
        if found.keys() != set(places):
            raise Damaged(f"There is no event at {sorted(set(places) - found.keys())}.")
        return found

    def stream(self, stream: str, *, after: int = 0, upto: int | None = None) -> Iterator[Record]:
        return (record for record in self.records(1, upto) if record.stream == stream and record.version > after)

    def records(self, first: int = 1, last: int | None = None) -> Iterator[Record]:
        yield from self._records[max(first, 1) - 1 : last]

    def snapshot(self, position: int) -> Snapshot | None:
        at = max((kept for kept in self._snapshots if kept <= position), default=None)
        return None if at is None else Snapshot(at, heads_in(at, self._snapshots[at]))

    def snapshot_positions(self) -> list[int]:
        return sorted(self._snapshots)

    def snapshot_lines(self, position: int) -> bytes:
        if position not in self._snapshots:
            raise NotFound(f"There is no snapshot of position {position}.")
        return self._snapshots[position]

    def keep_snapshot(self, position: int, heads: Mapping[str, Head]) -> None:
        self._snapshots.setdefault(position, lines_of(heads))

    def forget_snapshots(self) -> None:
        self._snapshots.clear()

    def replace_heads(self, position: int, heads: Mapping[str, Head]) -> bool:
        if position != len(self._records):
            return False
        self._heads = dict(heads)
        return True

    def pages(self, columns: Sequence[str], first: int, last: int) -> Iterator[list[tuple[Any, ...]]]:
        while first <= last:
            until = min(last, first + TILE - 1 - (first - 1) % TILE)
            yield [tuple(getattr(record, name) for name in columns) for record in self.records(first, until)]
            first = until + 1

    def moment(self, position: int | None = None) -> Moment:
        end = len(self._records)
        if position is None:
            position = end
        if not 0 <= position <= end:
            raise NotFound(f"The log ends at position {end}; there is no position {position}.")
        before = self._records[position - 1].recorded_at if position else None
        return Moment(position, before, self._records[position].recorded_at if position < end else None)

    def moment_at(self, recorded_at: int) -> Moment:
        return self.moment(sum(record.recorded_at <= recorded_at for record in self._records))

    def tree(self) -> TreeHead:
        return TreeHead(len(self._records), root_of(self._frontier), tuple(self._frontier))

    def tile(self, level: int, number: int) -> bytes | None:
        tile = self.hashes(level, number * TILE, (number + 1) * TILE)
        return b"".join(tile) if len(tile) == TILE else None

    def hashes(self, level: int, start: int, stop: int) -> list[bytes]:
        hashes = [record.leaf for record in self._records]
        for _ in range(level):
            hashes = [_perfect(hashes[i : i + TILE]) for i in range(0, len(hashes) // TILE * TILE, TILE)]
        return hashes[start:stop]

    def notes(self) -> dict[str, str]:
        return {"origin": self.origin}

    def unsound(self) -> list[str]:
        return []

    def scrub(self) -> None:
        """Leave nothing: there is nothing beside the rows."""

    def close(self) -> None:
        """Let go of nothing."""

    def _append(self, decision: Decision) -> Receipt | Refusal:
        known = self._commands.get(decision.command_id)
        if known is not None:
            same = known[1] in (None, decision.fingerprint)
            return known[0]._replace(repeated=True) if same else CommandIdReused(decision.command_id)
        for stream, read in decision.expects.items():
            found = self._heads[stream].version if stream in self._heads else 0
            if found != read:
                return Conflict(stream, read=read, found=found)
        return self._write(decision)

    def _write(self, decision: Decision) -> Receipt:
        for facts in decision.heads.values():
            canonical(facts)  # a store on disk could keep nothing else
        clock, first = self._clock(), len(self._records) + 1
        recorded_at = max(clock, self._records[-1].recorded_at + 1) if self._records else clock
        new: list[Record] = []
        for position, event in enumerate(decision.events, first):
            salt = position.to_bytes(32, "big")
            made = encode(
                event,
                origin=self._origin,
                command_id=decision.command_id,
                causation=decision.causation,
                correlation=decision.correlation,
                salt=salt,
            )
            leaf = leaf_hash(entry_of(position, recorded_at, clock, made.envelope))
            new.append(
                Record(
                    position,
                    recorded_at,
                    clock,
                    made.stream,
                    made.version,
                    made.topic,
                    decision.command_id,
                    made.envelope,
                    made.salt,
                    made.payload,
                    leaf,
                )
            )
        for record in new:
            grow(self._frontier, record.position - 1, record.leaf)
            head = Head(record.stream, record.version, record.position, decision.heads[record.stream])
            self._heads[record.stream] = head
        self._records.extend(new)
        for position in decision.erases:
            self._erase(position)
        receipt = Receipt(decision.command_id, first, len(self._records), recorded_at)
        self._commands[decision.command_id] = receipt, decision.fingerprint
        return receipt

    def _erase(self, position: int) -> None:
        record = self._records[position - 1]
        self._records[position - 1] = record._replace(salt=None, payload=None)
        if record.command_id in self._commands:
            self._commands[record.command_id] = self._commands[record.command_id][0], None


def _perfect(hashes: list[bytes]) -> bytes:
    """Return the root over a power of two of hashes."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]

"""Make a log anew from its events: the same bytes at the same positions, everything else computed from them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from adapters.envelope import canonical
from adapters.log_rows import TILE
from domain.event_log import Head, Record, TreeHead
from domain.merkle import grow, perfect_root, root_of

POSITION, RECORDED_AT, COMMAND, LEAF = map(Record._fields.index, ("position", "recorded_at", "command_id", "leaf"))
Fingerprints: TypeAlias = Callable[[Sequence[str]], Mapping[str, str | None]]
"""Returns what is known of the contents of commands, by their ids."""


class Tables(Protocol):
    """The tables of a new log, in whatever store; all of it is one transaction that its opener ends."""

    def events(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write records, in order."""

    def commands(self, rows: Sequence[tuple[str, str | None, int, int]]) -> None:
        """Write commands: id, fingerprint, first and last position."""

    def tile(self, level: int, number: int, hashes: bytes, root: bytes) -> None:
        """Write a full tile."""

    def heads(self, rows: Sequence[tuple[str, int, int, bytes]]) -> None:
        """Write heads: stream, version, position, facts."""

    def tree(self, size: int, frontier: bytes, recorded_at: int) -> None:
        """Write how large the log is."""

    def snapshots(self, rows: Sequence[tuple[int, bytes]]) -> None:
        """Write states as of positions, in their stored form."""

    def note(self, key: str, value: str) -> None:
        """Write a word about the log itself."""


class Refill:
    """A log that is being made from the records of another one, in their order."""

    def __init__(self, tables: Tables, fingerprints: Fingerprints = lambda _: {}) -> None:
        self._tables = tables
        self._fingerprints = fingerprints
        self._above: list[bytes] = []
        """The frontier over full tiles."""
        self._leaves: list[bytes] = []
        """The leaves after them."""
        self._roots: list[list[bytes]] = []
        """The roots of full tiles, by level, that fill no tile above them yet."""
        self._size = self._tiles = self._recorded_at = 0
        self._command, self._first = "", 0
        self._ended: list[tuple[str, int, int]] = []

    def add(self, records: Sequence[Sequence[Any]]) -> None:
        """Write the next records, or rows that are as long: positions go on without a gap."""
        first, self._size = self._size + 1, self._size + len(records)
        if [record[POSITION] for record in records] != list(range(first, self._size + 1)):
            raise ValueError(f"these are not the positions from {first} to {self._size}")
        self._tables.events(records)
        self._leaves.extend([record[LEAF] for record in records])
        for position, record in enumerate(records, first):
            if record[COMMAND] != self._command:
                self._end_command(position - 1)
                self._command, self._first = record[COMMAND], position
        self._write_commands()
        if records:
            self._recorded_at = records[-1][RECORDED_AT]
        while len(self._leaves) >= TILE:
            hashes = self._leaves[:TILE]
            del self._leaves[:TILE]
            root = perfect_root(hashes)
            grow(self._above, self._tiles, root)
            self._put_tile(0, self._tiles, hashes, root)
            self._tiles += 1

    def finish(self, heads: Mapping[str, Head]) -> TreeHead:
        """Write what stands beside the rows, and return the tree head that the rows made."""
        self._end_command(self._size)
        self._write_commands()
        frontier = [*self._above]
        for size, leaf in enumerate(self._leaves, self._tiles * TILE):
            grow(frontier, size, leaf)
        self._tables.heads(
            [(head.stream, head.version, head.position, canonical(head.facts)) for head in heads.values()]
        )
        self._tables.tree(self._size, b"".join(frontier), self._recorded_at)
        return TreeHead(self._size, root_of(frontier), tuple(frontier))

    def keep_snapshots(self, snapshots: Sequence[tuple[int, bytes]]) -> None:
        """Keep the states as of some positions, in their stored form."""
        self._tables.snapshots(snapshots)

    def note(self, key: str, value: str) -> None:
        """Keep a word about where this log comes from."""
        self._tables.note(key, value)

    def _put_tile(self, level: int, number: int, hashes: list[bytes], root: bytes) -> None:
        """Write a full tile, and the one above it when that is full too."""
        self._tables.tile(level, number, b"".join(hashes), root)
        if level == len(self._roots):
            self._roots.append([])
        self._roots[level].append(root)
        if len(self._roots[level]) == TILE:
            full, self._roots[level] = self._roots[level], []
            self._put_tile(level + 1, number // TILE, full, perfect_root(full))

    def _end_command(self, last: int) -> None:
        if self._command:
            self._ended.append((self._command, self._first, last))

    def _write_commands(self) -> None:
        known = self._fingerprints([command_id for command_id, _, _ in self._ended])
        self._tables.commands([(name, known.get(name), first, last) for name, first, last in self._ended])
        self._ended = []

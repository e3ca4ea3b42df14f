"""Go through a log row by row and name everything that differs: what is not worth its time where nothing does."""

from collections.abc import Callable, Iterator, Sequence

from orjson import JSONDecodeError, dumps, loads

from adapters.envelope import CANONICAL
from domain.errors import Damaged
from domain.event_log import EventLog, Record
from domain.proofs import HASH
from domain.tree_ranges import TILE
from projections.verification import Findings
from projections.verify_commands import Commands
from projections.verify_heads import Fold
from projections.verify_rows import Rows
from projections.verify_tree import Tree, compare_tile

AT_ONCE = 500
MOST_GAP = 1 << 22
"""More than so many positions missing in one place leave no tree to rebuild."""
MOST_UNREADABLE = 1000
"""Rows that cannot be read one by one; after so many the rest is not tried."""


class RowByRow:
    """One walk through a range. It fills what it is given: the rows, their commands, tree and fold."""

    def __init__(
        self,
        log: EventLog,
        findings: Findings,
        *,
        rows: Rows,
        commands: Commands,
        tree: Tree,
        fold: Fold,
        first: int,
    ) -> None:
        self._log = log
        self._findings = findings
        self._note = findings.note
        self._rows = rows
        self._commands = commands
        self._tree = tree
        self._fold = fold
        self._first = self._next = first
        self._unreadable: set[int] = set()
        self._done: Callable[[int], None] = lambda _: None
        self.roots: dict[int, bytes] = {}
        """The roots of the rebuilt tree at the sizes that were asked for."""

    def run(self, size: int, sizes: Sequence[int], *, folds: bool, done: Callable[[int], None]) -> None:
        """Check every row up to a size, and keep the rebuilt roots at some sizes."""
        self._done = done
        wanted = sorted(sizes, reverse=True)
        leaves: list[bytes] = []
        room = self._tree.room
        for record in self.records(self._first, size):
            if record.position != self._next:
                self._lost_before(record.position, leaves, wanted)
                room = self._tree.room
            self._next += 1
            leaves.append(self._checked(record, folds=folds))
            if len(leaves) >= room:
                self._filled(leaves, wanted)
                room = self._tree.room
        self._lost_before(size + 1, leaves, wanted)
        self._tree.add(leaves)
        self._roots_upto(self._tree.size, wanted)

    def records(self, first: int, last: int) -> Iterator[Record]:
        """Yield every row that can be read, and note the others."""
        at = first
        while at <= last and len(self._unreadable) < MOST_UNREADABLE:
            try:
                for record in self._log.records(at, last):
                    yield record
                    at = record.position + 1
                return
            except Damaged:
                pass
            until = min(at + AT_ONCE, last + 1)
            for single in range(at, until):
                try:
                    yield from self._log.records(single, single)
                except Damaged as error:
                    self._unreadable.add(single)
                    self._note(single, "unreadable", "a row", error.message)
            at = until

    def _checked(self, record: Record, *, folds: bool) -> bytes:
        """Check a row and return its leaf."""
        try:
            envelope = loads(record.envelope)
            written = dumps(envelope, option=CANONICAL)
        except (JSONDecodeError, TypeError):
            envelope = written = None
        self._commands.at(record.command_id, record.position)
        leaf, fit = self._rows.add(record, envelope, written)
        if not fit:
            self._fold.give_up(record.stream)
        elif folds:
            self._fold.add(record, envelope)
        return leaf

    def _filled(self, leaves: list[bytes], wanted: list[int]) -> None:
        """Hand leaves to the tree where they fill its tile."""
        if len(leaves) < self._tree.room:
            return
        self._tree.add(leaves)
        leaves.clear()
        self._roots_upto(self._tree.size, wanted)
        full = self._tree.full()
        if full is not None:
            number, hashes = full
            try:
                kept = self._log.tile(0, number)
            except Damaged as error:
                self._note(number * TILE + 1, "tile", f"the hashes of tile {number}", error.message)
            else:
                compare_tile(number, hashes, kept, self._findings)
            self._done(TILE)

    def _roots_upto(self, size: int, wanted: list[int]) -> None:
        while wanted and wanted[-1] <= size:
            at = wanted.pop()
            self.roots[at] = self._tree.root_at(at)

    def _lost_before(self, position: int, leaves: list[bytes], wanted: list[int]) -> None:
        """Note positions that are not there; zeros stand for their leaves."""
        gap = range(self._next, position)
        self._next = position
        lost = [each for each in gap[:MOST_UNREADABLE] if each not in self._unreadable]
        if lost:
            self._note(
                lost[0], "missing", f"positions {gap[0]} to {gap[-1]}" if len(gap) > 1 else "an event", "nothing"
            )
        if len(gap) <= MOST_GAP:
            for _ in gap:
                leaves.append(bytes(HASH))
                self._filled(leaves, wanted)

"""Go through a whole log once and hold everything it says against everything else it says."""

from collections.abc import Callable, Iterator, Sequence
from os import urandom
from typing import Any, NamedTuple

from orjson import JSONDecodeError, dumps, loads

from adapters.codec import event_without_texts
from adapters.envelope import CANONICAL, canonical
from cli.held import Held
from cli.verifying_beside import compare_beyond, compare_commands, compare_tiles, look_into_the_store
from cli.verifying_redactions import Redacted
from domain.errors import Damaged
from domain.event_log import EventLog, Head, Moment, Record, TreeHead
from domain.merkle import root_of
from domain.proofs import HASH
from domain.tree_ranges import TILE, range_root_of
from projections.verification import Findings
from projections.verify_commands import Commands
from projections.verify_forks import FORKED, Forks
from projections.verify_heads import Fold, compare_heads
from projections.verify_rows import Rows
from projections.verify_tree import Tree, compare_head, compare_tile

AT_ONCE = 500
MOST_GAP = 1 << 22
"""More than so many positions missing in one place leave no tree to rebuild."""
MOST_UNREADABLE = 1000
"""Rows that cannot be read one by one; after so many the rest is not tried."""


class Kept(NamedTuple):
    """What the log keeps beside its rows, all as of one moment."""

    moment: Moment
    tree: TreeHead | None
    heads: dict[str, Head] | None
    """None where they cannot be read."""


class Options(NamedTuple):
    """What to look at."""

    first: int = 1
    envelopes_only: bool = False
    fold: bool = True
    """Fold the events anew, and let the store look into itself."""


class Verifier:
    """One verification: the log is read through its port only, once, and what is kept of it does not grow with it."""

    def __init__(self, log: EventLog, findings: Findings, options: Options) -> None:
        self._log = log
        self._note = findings.note
        self._findings = findings
        self._options = options
        self.kept = self._kept()
        self.size = self.kept.tree.size if self.kept.tree else self.kept.moment.position
        self._redacted = Redacted(log)
        self.forks = Forks(log.origin, self.kept.heads or {}, findings, first=options.first)
        self.rows = Rows(
            self.forks.origin,
            findings,
            first=options.first,
            payloads=not options.envelopes_only,
            accounts_for=self._redacted.accounts_for,
        )
        self._next = options.first
        self._done: Callable[[int], None] = lambda _: None
        self._whole = options.first == 1
        self._folds = options.fold and self._whole
        self._fold = Fold(event_without_texts, findings)
        self.commands = Commands(urandom(32))
        self._run: tuple[str, int] = ("", 0)
        self._unreadable: set[int] = set()
        self.tree = self._tree_before(options.first)
        self.roots: dict[int, bytes] = {}
        """The roots of the rebuilt tree at the sizes that were asked for."""

    @property
    def root(self) -> bytes:
        """The root of the rebuilt tree."""
        return root_of(self.tree.frontier())

    def run(self, sizes: Sequence[int], *, done: Callable[[int], None]) -> None:
        """Check everything, and keep the rebuilt roots at those sizes. `done` is told of rows as they are done."""
        self._done = done
        wanted = sorted(
            {size for size in (*sizes, *self.forks.sizes) if self._options.first - 1 <= size <= self.size}, reverse=True
        )
        if self._options.first > 1:
            self._take_over()
        start = self._options.first
        leaves: list[bytes] = []
        room = self.tree.room
        for record in self._records(start, self.size):
            if record.position != self._next:
                self._lost_before(record.position, leaves, wanted)
                room = self.tree.room
            self._next += 1
            leaves.append(self._checked(record))
            if len(leaves) >= room:
                self._filled(leaves, wanted)
                room = self.tree.room
        self._lost_before(self.size + 1, leaves, wanted)
        self.tree.add(leaves)
        self._roots_upto(self.tree.size, wanted)
        self._compare()

    def hold(self, one: Held) -> bool:
        """Tell whether the log still has the history of a checkpoint; note it where it does not."""
        size, root = one.checkpoint.size, one.checkpoint.root
        if size > self.size:
            self._note(self.size + 1, "checkpoint", f"{size} events ({one.file})", f"{self.size} events")
            return False
        found = self.roots.get(size)
        if found is None:
            found = self._kept_root(size)
        if found != root:
            self._note(None, "checkpoint", f"{root.hex()} at size {size} ({one.file})", found)
        return found == root

    def _checked(self, record: Record) -> bytes:
        """Check a row and return its leaf."""
        try:
            envelope = loads(record.envelope)
            written = dumps(envelope, option=CANONICAL)
        except (JSONDecodeError, TypeError):
            envelope = written = None
        if record.command_id != self._run[0]:
            self._end_run(record.position - 1)
            self._run = (record.command_id, record.position)
        if record.topic == FORKED:
            self.rows.goes_on_as(self.forks.met(record, envelope))
        leaf, fit = self.rows.add(record, envelope, written)
        if not fit:
            self._fold.give_up(record.stream)
        elif self._folds:
            self._fold.add(record, envelope)
        return leaf

    def _end_run(self, last: int) -> None:
        command_id, first = self._run
        if first:
            self.commands.run(command_id, first, last)

    def _filled(self, leaves: list[bytes], wanted: list[int]) -> None:
        """Hand leaves to the tree where they fill its tile."""
        if len(leaves) < self.tree.room:
            return
        self.tree.add(leaves)
        leaves.clear()
        self._roots_upto(self.tree.size, wanted)
        full = self.tree.full()
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
            self.roots[at] = self.tree.root_at(at)

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

    def _records(self, first: int, last: int) -> Iterator[Record]:
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

    def _kept(self) -> Kept:
        """Return what the log keeps of one moment, although others may be writing."""
        while True:
            moment, heads = self._heads()
            try:
                tree = self._log.tree()
            except Damaged as error:
                self._note(None, "tree", "the kept frontier", error.message)
                return Kept(moment, None, heads)
            if tree.size == moment.position:
                return Kept(moment, tree, heads)

    def _heads(self) -> tuple[Moment, dict[str, Head] | None]:
        try:
            return self._log.heads_below("")
        except Damaged as error:
            self._note(None, "heads", "heads that can be read", error.message)
            return self._log.heads([])[0], None

    def _tree_before(self, first: int) -> Tree:
        """Return the tree before the first position, taken from the log's own hashes as they are."""
        tiles, rest = divmod(first - 1, TILE)
        range_root = range_root_of(self._log)
        above, start = [], 0
        while start < tiles:
            width = 1 << (tiles - start).bit_length() - 1
            above.append(range_root(start * TILE, (start + width) * TILE))
            start += width
        return Tree(above, self._log.hashes(0, tiles * TILE, tiles * TILE + rest), tiles=tiles)

    def _take_over(self) -> None:
        before = next(self._log.records(self._options.first - 1, self._options.first - 1), None)
        if before is not None:
            self.rows.goes_on_after(before)

    def _kept_root(self, size: int) -> bytes | None:
        """Return the root at a size before the range, from the hashes of the log as they are."""
        try:
            return range_root_of(self._log)(0, size)
        except Damaged:
            return None

    def _compare(self) -> None:
        """Compare what the rows gave with what the log keeps beside them."""
        moment, tree, heads = self.kept
        if tree is not None:
            compare_head(self.tree, tree, self._findings)
        if moment.position and self.rows.recorded_at != moment.recorded_at:
            self._note(self.size, "time of the tree", self.rows.recorded_at, moment.recorded_at)
        if not self.tree.first_tile:  # else the roots of the tiles before the range are not known
            compare_tiles(self._log, self.tree.roots, self._findings)
        compare_beyond(self._log, self.size, self._findings)
        self.forks.compare(self.roots, self._log.origin)
        self._redacted.compare(self._options.first, self.size, self._findings)
        if self._options.fold:
            look_into_the_store(self._log, self._findings)
        if self._whole:
            self._end_run(self.size)
            compare_commands(self._log, self.commands, self._records, size=self.size, findings=self._findings)
            if heads is not None:
                facts = self._fold.facts() if self._folds else {}
                compare_heads(heads, self.rows.last, facts, written=_written, findings=self._findings)


def _written(facts: Any) -> bytes:
    """Return facts as bytes that can be compared; what was written by nobody of ours may hold anything."""
    try:
        return canonical(facts)
    except TypeError:
        return repr(facts).encode()

"""Hold everything a log says against everything else it says: quickly, and row by row where something differs."""

from collections.abc import Callable, Mapping, Sequence
from os import urandom
from typing import Any, NamedTuple

from adapters.codec import event_of
from adapters.envelope import canonical
from domain.errors import Damaged
from domain.event_log import EventLog, Head, Moment, TreeHead
from domain.merkle import root_of
from domain.tree_ranges import TILE, range_root_of
from projections.verification import Findings
from projections.verify_commands import Commands
from projections.verify_forks import Forks
from projections.verify_heads import Fold, compare_heads
from projections.verify_rows import Rows
from projections.verify_tree import Tree, compare_head
from usecases.beside import ENOUGH
from usecases.held import Held
from usecases.stretch import Order
from usecases.verifying_beside import (
    commands_agree,
    compare_beyond,
    compare_tiles,
    name_commands,
    note_unsound,
    unsound_in,
)
from usecases.verifying_quickly import Quick, Reading
from usecases.verifying_redactions import Redacted
from usecases.verifying_rows import RowByRow
from usecases.verifying_snapshots import KeptSnapshots


class Kept(NamedTuple):
    """What the log keeps beside its rows, all as of one moment."""

    moment: Moment
    tree: TreeHead | None
    heads: Mapping[str, Head] | None
    """None where they cannot be read."""


class Apart(NamedTuple):
    """What is looked at beside the rows, by whoever hashes them."""

    unsound: list[str]
    """What the store finds wrong with itself."""
    agree: bool
    """Whether the table of commands says what the rows say."""


class Options(NamedTuple):
    """What to look at, and how."""

    first: int = 1
    envelopes_only: bool = False
    fold: bool = True
    """Fold the events anew, and let the store look into itself."""
    read: bool = True
    """Read what the envelopes say. Without it only hashes are compared: leaves, commitments, tree and tiles."""
    quick: bool = True
    """Look quickly first; row by row alone finds the same."""
    beside_from: int = ENOUGH
    """From so many events on, another process hashes."""


class Verifier:
    """One verification. The log is read through its port only, and what is kept of it does not grow with it.

    Where `address` is given, another process may open the log there.
    """

    def __init__(self, log: EventLog, findings: Findings, options: Options, *, address: str | None = None) -> None:
        self._log = log
        self._note = findings.note
        self._findings = findings
        self._options = options
        self._address = address
        self.kept = self._kept()
        self.size = self.kept.tree.size if self.kept.tree else self.kept.moment.position
        self.redacted = Redacted(log, self.size, findings)
        self.forks = Forks(log.origin, self.kept.heads or {}, findings, first=options.first)
        self._snapshots = KeptSnapshots(log, findings)
        self._whole = options.first == 1
        self._folds = options.fold and self._whole
        self._begin()
        self.roots: dict[int, bytes] = {}
        """The roots of the rebuilt tree at the sizes that were asked for."""

    @property
    def root(self) -> bytes:
        """The root of the rebuilt tree."""
        return root_of(self.tree.frontier())

    def run(self, sizes: Sequence[int], *, done: Callable[[int], None]) -> None:
        """Check everything, and keep the rebuilt roots at those sizes. `done` is told of rows as they are done.

        Where the quick look fails, `done` is told of as many rows less, and all of them are looked at again.
        """
        first = self._options.first
        wanted = sorted({size for size in {*sizes, *self.forks.sizes} if first - 1 <= size <= self.size})
        told = 0

        def tell(rows: int) -> None:
            nonlocal told
            told += rows
            done(rows)

        apart = self._quickly(wanted, tell) if self._options.quick else None
        if apart is None:
            if told:
                done(-told)
            apart = self._row_by_row(wanted, done)
        self._compare(apart)

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

    def _begin(self) -> None:
        """Begin before the first row of the range."""
        options = self._options
        self.commands = Commands(urandom(32))
        self.rows = Rows(
            self.forks.first,
            self._findings,
            first=options.first,
            payloads=not options.envelopes_only,
            accounts_for=self.redacted.accounts_for,
            forked=self.forks.met,
        )
        self._fold = Fold(event_of, self._findings, self._snapshots.to_fold(folds=self._folds))
        self.tree = self._tree_before(min(options.first, self.size + 1))
        self._walk = RowByRow(
            self._log,
            self._findings,
            rows=self.rows,
            commands=self.commands,
            tree=self.tree,
            fold=self._fold,
            first=options.first,
        )

    def _take_over(self) -> None:
        """Let the rows go on after the one before the range."""
        before = self._options.first - 1
        if before:
            record = next(self._log.records(before, before), None)
            if record is not None:
                self.rows.goes_on_after(record)

    def _quickly(self, sizes: list[int], done: Callable[[int], None]) -> Apart | None:
        """Return what was looked at apart, or None where any row or tile is not as it has to be."""
        first, options = self._options.first, self._options
        if first > self.size:
            return None
        self._take_over()
        reading = None
        if options.read:
            fold = self._fold if self._folds else None
            reading = Reading(self._log, self.rows, fold, first=first, last=self.size)
        order = Order(first, self.size, sizes, not options.envelopes_only, store=options.fold, commands=options.read)
        quick = Quick(self._log, order, reading, done=done)
        if not quick.fits(self._address if self.size - first + 1 >= options.beside_from else None):
            return None
        if not all(self.redacted.accounts_for_position(at) for sealed in quick.sealed for at in sealed.erased):
            return None
        for sealed in quick.sealed:
            self.rows.payloads += sealed.payloads
            self.rows.erased += len(sealed.erased)
            for root in (*sealed.roots, None):
                for size in sealed.parts:
                    if size // TILE == self.tree.tiles:
                        self.roots[size] = self.tree.root_with(sealed.parts[size])
                if root is not None:
                    self.tree.add_tile(root)
            self.tree.goes_on_with(sealed.rest)
        self.commands.count = quick.commands
        return Apart(quick.unsound, quick.agree)

    def _row_by_row(self, sizes: list[int], done: Callable[[int], None]) -> Apart:
        """Name everything that differs in the rows and their tiles; return what was looked at apart."""
        self._begin()
        self._take_over()
        self._walk.run(self.size, sizes, folds=self._folds, done=done)
        self.roots = self._walk.roots
        self.commands.end(self.size)
        agree = not self._whole or commands_agree(self._log, self.commands, self.size)
        return Apart(unsound_in(self._log) if self._options.fold else [], agree)

    def _compare(self, apart: Apart) -> None:
        """Compare what the rows gave with what the log keeps beside them."""
        moment, tree, heads = self.kept
        if tree is not None:
            compare_head(self.tree, tree, self._findings)
        if self._options.read and moment.position and self.rows.recorded_at != moment.recorded_at:
            self._note(self.size, "time of the tree", self.rows.recorded_at, moment.recorded_at)
        if not self.tree.first_tile:  # else the roots of the tiles before the range are not known
            compare_tiles(self._log, self.tree.roots, self._findings)
        compare_beyond(self._log, self.size, self._findings)
        if self._options.read:
            self.forks.compare(self.roots, self._log.origin)
        self._snapshots.compare_beyond(self.size)
        self.redacted.compare(self._options.first, self.size, self._findings)
        note_unsound(apart.unsound, self._findings)
        if self._whole and self._options.read:
            if not apart.agree:
                name_commands(self._log, self._walk.records(1, self.size), self.size, self._findings)
            if heads is not None:
                facts_of = self._fold.facts_of
                compare_heads(heads, self.rows.last, facts_of, written=_written, findings=self._findings)

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

    def _heads(self) -> tuple[Moment, Mapping[str, Head] | None]:
        try:
            moment, heads = self._log.all_heads()
            for _ in heads.values():  # each tells now whether it can be read
                pass
            return moment, heads
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

    def _kept_root(self, size: int) -> bytes | None:
        """Return the root at a size before the range, from the hashes of the log as they are."""
        try:
            return range_root_of(self._log)(0, size)
        except Damaged:
            return None


def _written(facts: Any) -> bytes:
    """Return facts as bytes that can be compared; what was written by nobody of ours may hold anything."""
    try:
        return canonical(facts)
    except TypeError:
        return repr(facts).encode()

"""Rebuild the tree of a log from its leaves, a tile at a time, and compare it with what the log keeps."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from domain.event_log import TreeHead
from domain.merkle import grow, perfect_root, root_of
from domain.proofs import HASH
from domain.tree_ranges import TILE
from projections.verification import Findings

KeptTile = Callable[[int, int], bytes | None]


class Tree:
    """The tree so far: the frontier over full tiles, the roots of the tiles, and the leaves of the growing one."""

    def __init__(self, above: Sequence[bytes], leaves: Sequence[bytes], *, tiles: int) -> None:
        self._above = list(above)
        self._leaves = list(leaves)
        self.first_tile = self._tiles = tiles
        self.roots: list[bytes] = []
        """The roots of the full tiles from the first one on: 32 bytes for 256 events."""

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return self._tiles * TILE + len(self._leaves)

    @property
    def tiles(self) -> int:
        """How many full tiles it has."""
        return self._tiles

    @property
    def room(self) -> int:
        """How many leaves the growing tile still takes."""
        return TILE - len(self._leaves)

    def add(self, leaves: Iterable[bytes]) -> None:
        """Add no more leaves than there is room for."""
        self._leaves += leaves

    def goes_on_with(self, leaves: Sequence[bytes]) -> None:
        """Let the growing tile have these leaves."""
        self._leaves = list(leaves)

    def full(self) -> tuple[int, list[bytes]] | None:
        """Return number and leaves of the tile that has just filled up, and begin the next one."""
        if len(self._leaves) < TILE:
            return None
        number, leaves = self._tiles, self._leaves
        self.add_tile(perfect_root(leaves))
        return number, leaves

    def add_tile(self, root: bytes) -> None:
        """Let the growing tile be full, with this root."""
        grow(self._above, self._tiles, root)
        self.roots.append(root)
        self._tiles, self._leaves = self._tiles + 1, []

    def root_at(self, size: int) -> bytes:
        """Return the root as it was at a size within the growing tile."""
        return self.root_with(self._leaves[: size - self._tiles * TILE])

    def root_with(self, leaves: Sequence[bytes]) -> bytes:
        """Return the root as it would be if the growing tile had these leaves."""
        return root_of([*self._above, *_frontier(leaves)])

    def frontier(self) -> tuple[bytes, ...]:
        """Return the frontier as it is."""
        return (*self._above, *_frontier(self._leaves))


def compare_tile(number: int, leaves: Sequence[bytes], kept: bytes | None, findings: Findings) -> None:
    """Compare the leaves of a full tile with the tile that the log keeps; name each position that differs."""
    if kept == b"".join(leaves):
        return
    if kept is None:
        findings.note(number * TILE + 1, "tile", f"the hashes of tile {number}", "no tile")
        return
    for index, leaf in enumerate(leaves):
        found = kept[index * HASH : (index + 1) * HASH]
        if found != leaf:
            findings.note(number * TILE + index + 1, "tile", leaf, found)


def compare_head(tree: Tree, kept: TreeHead, findings: Findings) -> None:
    """Compare the rebuilt tree with the frontier that was kept with the last append."""
    frontier = tree.frontier()
    if kept.size != tree.size:
        findings.note(None, "tree size", tree.size, kept.size)
    elif kept.frontier != frontier:
        findings.note(None, "tree", root_of(frontier), kept.root)


def upper_tiles(roots: Sequence[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """Yield level, number and hashes of every full tile above the leaves, from the roots of all full tiles below."""
    level = 1
    while len(roots) >= TILE:
        above = []
        for number in range(len(roots) // TILE):
            hashes = roots[number * TILE : (number + 1) * TILE]
            yield level, number, b"".join(hashes)
            above.append(perfect_root(hashes))
        roots, level = above, level + 1


def levels(roots: Sequence[bytes]) -> Iterator[tuple[int, Sequence[bytes]]]:
    """Yield each level above the leaves with all of its hashes: the roots of the full tiles below."""
    level = 1
    while roots:
        yield level, roots
        roots = [perfect_root(roots[at : at + TILE]) for at in range(0, len(roots) // TILE * TILE, TILE)]
        level += 1
    yield level, ()


def _frontier(leaves: Sequence[bytes]) -> list[bytes]:
    frontier: list[bytes] = []
    for size, leaf in enumerate(leaves):
        grow(frontier, size, leaf)
    return frontier

"""Which of the hashes found for each position can be trusted, and who vouches for them."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from domain.merkle import grow, perfect_root, root_of
from domain.tree_ranges import TILE

HASH = 32
By = Literal["backup", "checkpoint", "tree", "itself", "contradicted"]
"""From the strongest word to the weakest: a signed manifest, a signed checkpoint, the store's own tiles or tree, the
row's own hash; and what a signed checkpoint speaks against."""
Candidates: TypeAlias = Mapping[int, Sequence[tuple[bytes, bool]]]
"""By position: the hash of an entry that was found, and whether the row names the same hash itself."""


class Root(NamedTuple):
    """What somebody says that the root of a tree is."""

    size: int
    root: bytes
    name: str
    signed: bool


class Witnesses(NamedTuple):
    """All that can speak for a hash, beside the row that it belongs to."""

    signed: Mapping[int, bytes]
    """Leaves that signed manifests of backups imply."""
    tiles: Mapping[int, tuple[bytes, ...]]
    """Full tiles of leaves that fit their own root."""
    tile_roots: Mapping[int, bytes]
    """Roots of tiles of which the leaves may be lost."""
    roots: Sequence[Root]


class Vouched(NamedTuple):
    """The hash that is believed at each position, and who vouches for it."""

    leaves: dict[int, bytes]
    by: dict[int, tuple[By, str]]
    holds: list[Root]
    """The signed roots that the events fit."""
    contradicts: list[Root]
    """The signed roots that the events do not fit, although all of them are there."""
    open: list[Root]
    """The signed roots that cannot be compared: events are missing."""


class _Walk(NamedTuple):
    """The roots at some sizes, made of what is known; and which tiles only their root is known of."""

    roots: dict[int, bytes]
    closed: frozenset[int]


def vouch(candidates: Candidates, witnesses: Witnesses) -> Vouched:
    """Choose one hash for each position where any can be believed."""
    tiles = {number: tile for number, tile in witnesses.tiles.items() if not _is_elsewhere(number, tile, candidates)}
    witnesses = witnesses._replace(tiles=tiles)
    first = _chosen(candidates, witnesses)
    found = _compared(first, candidates, witnesses)
    failed = [root for root in found.contradicts + found.open if root.signed]
    if failed and tiles:
        # a tile may be what was changed: then the rows prove what was signed, and the tiles do not
        other = witnesses._replace(tiles={})
        again = _compared(_chosen(candidates, other), candidates, other)
        if len(again.holds) > len(found.holds):
            return again
    return found


def _is_elsewhere(number: int, tile: Sequence[bytes], candidates: Candidates) -> bool:
    """Tell whether a tile fits none of several rows: it is that of another place, its number is wrong."""
    rows = [
        p for p in range(number * TILE + 1, (number + 1) * TILE + 1) if any(own for _, own in candidates.get(p, ()))
    ]
    fits = any(leaf == tile[(p - 1) % TILE] for p in rows for leaf, _ in candidates[p])
    return len(rows) > 1 and not fits


def _expected(position: int, witnesses: Witnesses) -> bytes | None:
    signed = witnesses.signed.get(position)
    if signed is not None:
        return signed
    tile = witnesses.tiles.get((position - 1) // TILE)
    return tile[(position - 1) % TILE] if tile else None


def _chosen(candidates: Candidates, witnesses: Witnesses) -> dict[int, bytes]:
    """Return the hash to believe at each position, those included that only a root can still prove."""
    chosen = {}
    for position, found in candidates.items():
        expected = _expected(position, witnesses)
        own = [leaf for leaf, is_own in found if is_own]
        if expected is None:
            chosen[position] = (own or [leaf for leaf, _ in found])[0]
        elif any(leaf == expected for leaf, _ in found):
            chosen[position] = expected
    return chosen


def _compared(chosen: dict[int, bytes], candidates: Candidates, witnesses: Witnesses) -> Vouched:
    """Hold what was chosen against every root, and keep what somebody vouches for."""
    weak = {
        position
        for position, leaf in chosen.items()
        if not any(own and found == leaf for found, own in candidates[position])
        and _expected(position, witnesses) != leaf
    }
    walk = _walk(chosen, witnesses)
    if weak and not any(walk.roots.get(each.size) == each.root for each in witnesses.roots):
        chosen = {position: leaf for position, leaf in chosen.items() if position not in weak}
        weak, walk = set(), _walk(chosen, witnesses)
    holds = [each for each in witnesses.roots if walk.roots.get(each.size) == each.root]
    signed = sorted(each for each in holds if each.signed)
    own = sorted(each for each in holds if not each.signed)
    contradicts: list[Root] = []
    open_: list[Root] = []
    for each in witnesses.roots:
        if each.signed and each not in holds:
            is_there = all(p in chosen and p not in weak for p in range(1, each.size + 1))
            (contradicts if is_there else open_).append(each)
    doubt = min((_doubtful_after(each, signed, witnesses) for each in contradicts), default=None)
    by: dict[int, tuple[By, str]] = {}
    for position, leaf in list(chosen.items()):
        found = _by(position, leaf, signed, own, walk, witnesses)
        if position in weak and found[0] == "itself":
            del chosen[position]
        else:
            by[position] = found if doubt is None or position <= doubt else ("contradicted", contradicts[0].name)
    return Vouched(chosen, by, signed, contradicts, open_)


def _doubtful_after(root: Root, holds: Sequence[Root], witnesses: Witnesses) -> int:
    """Return the last position that a contradiction leaves alone."""
    last = max((each.size for each in holds if each.size < root.size), default=0)
    while last + 1 < root.size and last + 1 in witnesses.signed:
        last += 1
    return last


def _by(
    position: int, leaf: bytes, signed: Sequence[Root], own: Sequence[Root], walk: _Walk, witnesses: Witnesses
) -> tuple[By, str]:
    tile = (position - 1) // TILE
    if witnesses.signed.get(position) == leaf:
        return "backup", ""
    for kind, roots in (("checkpoint", signed), ("tree", own)):
        covering = next((each for each in roots if each.size >= position), None)
        if covering is not None and not (tile in walk.closed and (tile + 1) * TILE <= covering.size):
            return ("checkpoint" if kind == "checkpoint" else "tree"), covering.name
    if tile in witnesses.tiles and witnesses.tiles[tile][(position - 1) % TILE] == leaf:
        return "tree", ""
    return "itself", ""


def _walk(chosen: Mapping[int, bytes], witnesses: Witnesses) -> _Walk:
    """Return the roots at the sizes that are asked for, as far as everything before them is known."""
    sizes = sorted({each.size for each in witnesses.roots})
    roots: dict[int, bytes] = {}
    closed: set[int] = set()
    above: list[bytes] = []

    def leaves_of(number: int, width: int) -> list[bytes | None]:
        first = number * TILE + 1
        return [chosen.get(p) or _expected(p, witnesses) for p in range(first, first + width)]

    for number in range((sizes[-1] if sizes else 0) // TILE + 1):
        within = [size for size in sizes if size // TILE == number]
        leaves = leaves_of(number, TILE)
        for size in within:
            frontier = [*above]
            part = leaves[: size % TILE]
            if all(part):
                for at, leaf in enumerate(part, number * TILE):
                    grow(frontier, at, leaf or b"")
                roots[size] = root_of(frontier)
        whole = [leaf for leaf in leaves if leaf]
        root = perfect_root(whole) if len(whole) == TILE else witnesses.tile_roots.get(number)
        if root is None:
            break
        if len(whole) < TILE:
            closed.add(number)
        grow(above, number, root)
    return _Walk(roots, frozenset(closed))

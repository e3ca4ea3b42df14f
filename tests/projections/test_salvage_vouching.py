"""Which hashes a salvage believes: what is signed is stronger than what the store says, and that than a row alone."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from domain.merkle import perfect_root, tree_root
from domain.tree_ranges import TILE
from projections.salvage_vouching import Root, Vouched, Witnesses, vouch

SIZE = 2 * TILE + 40
LEAVES = {position: sha256(b"%d" % position).digest() for position in range(1, SIZE + 1)}
FORGED = sha256(b"forged").digest()
TILES = {number: tuple(LEAVES[p] for p in range(number * TILE + 1, (number + 1) * TILE + 1)) for number in range(2)}
ROOTS = {number: perfect_root(tile) for number, tile in TILES.items()}
NOTHING = Witnesses({}, {}, {}, [])


def signed(size: int) -> Root:
    return Root(size, tree_root(LEAVES[position] for position in range(1, size + 1)), f"{size}.note", signed=True)


def vouched(leaves: dict[int, bytes], witnesses: Witnesses) -> Vouched:
    return vouch({position: [(leaf, True)] for position, leaf in leaves.items()}, witnesses)


def kinds(found: Vouched) -> set[str]:
    return {kind for kind, _ in found.by.values()}


def test_a_checkpoint_proves_all_that_it_covers() -> None:
    found = vouched(LEAVES, NOTHING._replace(roots=[signed(300)]))
    assert [found.by[at][0] for at in (1, 300, 301)] == ["checkpoint", "checkpoint", "itself"]


def test_a_checkpoint_is_proven_across_a_lost_event_whose_tile_is_kept() -> None:
    rest = {position: leaf for position, leaf in LEAVES.items() if position != 7}
    found = vouched(rest, Witnesses({}, TILES, ROOTS, [signed(SIZE)]))
    assert kinds(found) == {"checkpoint"} and 7 not in found.leaves
    only_root = vouched(rest, Witnesses({}, {}, ROOTS, [signed(SIZE)]))
    assert [only_root.by[at][0] for at in (1, TILE + 1, SIZE)] == ["itself", "checkpoint", "checkpoint"]
    assert vouched(rest, NOTHING._replace(roots=[signed(SIZE)])).open == [signed(SIZE)]


def test_a_forged_event_is_nobodys_word() -> None:
    forged = LEAVES | {7: FORGED}
    assert 7 not in vouched(forged, Witnesses({}, TILES, ROOTS, [])).leaves
    assert 7 not in vouched(forged, NOTHING._replace(signed=LEAVES)).leaves
    contradicted = vouched(forged, NOTHING._replace(roots=[signed(5), signed(300)]))
    assert [contradicted.by[at][0] for at in (5, 6, 7, SIZE)] == ["checkpoint", *["contradicted"] * 3]


def test_of_two_events_for_one_place_the_one_that_fits_is_believed() -> None:
    both = {position: [(FORGED, True), (leaf, False)] for position, leaf in LEAVES.items()}
    assert vouch(both, NOTHING._replace(signed=LEAVES)).leaves == LEAVES
    assert vouch(both, Witnesses({}, TILES, ROOTS, [])).leaves[7] == LEAVES[7]


def test_a_row_that_lost_its_leaf_is_believed_only_where_something_else_names_it() -> None:
    weak = {position: [(leaf, position != 7)] for position, leaf in LEAVES.items()}
    assert 7 not in vouch(weak, NOTHING).leaves
    for witnesses in (Witnesses({}, TILES, ROOTS, []), NOTHING._replace(roots=[signed(300)])):
        assert vouch(weak, witnesses).leaves[7] == LEAVES[7]
    broken = weak | {7: [(FORGED, False)]}
    found = vouch(broken, NOTHING._replace(roots=[signed(300)]))
    assert 7 not in found.leaves and found.contradicts == [] and found.open == [signed(300)]


def test_a_tile_of_another_place_is_left_alone() -> None:
    swapped = {0: TILES[1], 1: TILES[0]}
    assert vouched(LEAVES, Witnesses({}, swapped, {}, [])).leaves == LEAVES


@given(
    lost=st.sets(st.integers(1, SIZE), max_size=30),
    forged=st.sets(st.integers(1, SIZE), max_size=5),
    sizes=st.sets(st.integers(1, SIZE), max_size=3),
    backed_up=st.integers(0, SIZE),
    has_tiles=st.booleans(),
)
def test_nothing_that_is_called_proven_is_another_event(
    lost: set[int], forged: set[int], sizes: set[int], backed_up: int, has_tiles: bool
) -> None:
    found_there = {position: leaf for position, leaf in LEAVES.items() if position not in lost}
    found_there |= dict.fromkeys(forged - lost, FORGED)
    witnesses = Witnesses(
        {position: LEAVES[position] for position in range(1, backed_up + 1)},
        TILES if has_tiles else {},
        ROOTS if has_tiles else {},
        [signed(size) for size in sorted(sizes)],
    )
    found = vouched(found_there, witnesses)
    assert found.leaves.keys() <= found_there.keys() and found.leaves.keys() == found.by.keys()
    for position, leaf in found.leaves.items():
        if found.by[position][0] in ("backup", "checkpoint", "tree"):
            assert leaf == LEAVES[position]
    for position in found_there.keys() - forged:
        assert found.leaves[position] == LEAVES[position]

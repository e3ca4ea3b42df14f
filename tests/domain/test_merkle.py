"""The tree of RFC 6962, against its definition and against known answers."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.merkle import EMPTY_ROOT, grow, leaf_hash, perfect_root, root_of, tree_root

ENTRIES = [bytes.fromhex(entry) for entry in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"
)]  # fmt: skip
ROOTS = (  # the reference tree of the certificate-transparency project
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def by_definition(entries: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return sha256(b"\x01" + by_definition(entries[:k]) + by_definition(entries[k:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_the_known_roots(size: int) -> None:
    assert tree_root(leaf_hash(entry) for entry in ENTRIES[:size]).hex() == ROOTS[size - 1]


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert tree_root([]) == EMPTY_ROOT == by_definition([])


@given(st.lists(st.binary(max_size=3), max_size=70))
def test_growing_the_frontier_gives_the_root_by_definition(entries: list[bytes]) -> None:
    frontier: list[bytes] = []
    for size, entry in enumerate(entries):
        grow(frontier, size, leaf_hash(entry))
        assert len(frontier) == (size + 1).bit_count()
    assert root_of(frontier) == by_definition(entries)


def test_the_root_of_a_power_of_two_needs_no_frontier() -> None:
    for height in range(9):
        leaves = [leaf_hash(b"%d" % number) for number in range(1 << height)]
        assert perfect_root(leaves) == tree_root(leaves)
    with pytest.raises(ValueError, match="zip"):
        perfect_root([EMPTY_ROOT] * 3)

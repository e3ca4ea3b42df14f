"""Proofs of inclusion and consistency: known answers, every tree up to 130 leaves, and every way to be wrong."""

from collections.abc import Iterator, Sequence
from functools import cache

import pytest

from domain.merkle import EMPTY_ROOT, leaf_hash, node_hash
from domain.proofs import consistency_proof, inclusion_proof, verify_consistency, verify_inclusion
from tests.domain.test_merkle import ENTRIES, ROOTS

MOST = 130
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
MANY = tuple(leaf_hash(b"%d" % number) for number in range(MOST + 1))
SAME = (leaf_hash(b"same"),) * 9

# The reference tree of the certificate-transparency project: (index, size) and (old, new) with their proofs.
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


class Tree:
    """MTH, PATH and PROOF as RFC 6962 §2.1 writes them, by recursion; nothing shared with the code under test."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = leaves
        self.root = cache(self._root)

    def _root(self, start: int, stop: int) -> bytes:
        if start == stop:
            return EMPTY_ROOT
        if stop - start == 1:
            return self.leaves[start]
        middle = self.middle(start, stop)
        return node_hash(self.root(start, middle), self.root(middle, stop))

    def path(self, index: int, start: int, stop: int) -> list[bytes]:
        if stop - start == 1:
            return []
        middle = self.middle(start, stop)
        if index < middle:
            return [*self.path(index, start, middle), self.root(middle, stop)]
        return [*self.path(index, middle, stop), self.root(start, middle)]

    def proof(self, old: int, start: int, stop: int, *, whole: bool = True) -> list[bytes]:
        if old == stop:
            return [] if whole else [self.root(start, stop)]
        middle = self.middle(start, stop)
        if old <= middle:
            return [*self.proof(old, start, middle, whole=whole), self.root(middle, stop)]
        return [*self.proof(old, middle, stop, whole=False), self.root(start, middle)]

    @staticmethod
    def middle(start: int, stop: int) -> int:
        k = 1
        while k * 2 < stop - start:
            k *= 2
        return start + k


TREE = Tree(MANY)


def wrong(proof: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Yield every kind of proof that is not this one."""
    for at in range(len(proof)):
        yield [*proof[:at], *proof[at + 1 :]]
        yield [*proof[:at], proof[at], *proof[at:]]
        for byte, bit in ((0, 1), (31, 128)):
            flipped = bytearray(proof[at])
            flipped[byte] ^= bit
            yield [*proof[:at], bytes(flipped), *proof[at + 1 :]]
        for other in (b"", proof[at][:-1], proof[at] + b"\0"):
            yield [*proof[:at], other, *proof[at + 1 :]]
    for at in range(len(proof) - 1):
        yield [*proof[:at], proof[at + 1], proof[at], *proof[at + 2 :]]
    yield [*proof, EMPTY_ROOT]
    yield [EMPTY_ROOT, *proof]
    yield [*proof, b""]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_the_known_proofs_of_inclusion(index: int, size: int) -> None:
    known = [bytes.fromhex(each) for each in INCLUSION[index, size]]
    assert inclusion_proof(index, size, Tree(LEAVES).root) == known == Tree(LEAVES).path(index, 0, size)
    assert verify_inclusion(index, size, LEAVES[index], known, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_the_known_proofs_of_consistency(old: int, new: int) -> None:
    known = [bytes.fromhex(each) for each in CONSISTENCY[old, new]]
    assert consistency_proof(old, new, Tree(LEAVES).root) == known == Tree(LEAVES).proof(old, 0, new)
    before, after = (bytes.fromhex(ROOTS[size - 1]) for size in (old, new))
    assert verify_consistency(old, new, before, after, known)


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_every_entry_of_every_tree_is_proved_and_no_other(size: int) -> None:
    root = TREE.root(0, size)
    for index in range(size):
        proof = inclusion_proof(index, size, TREE.root)
        assert proof == TREE.path(index, 0, size)
        assert verify_inclusion(index, size, MANY[index], proof, root)
        assert not verify_inclusion(index, size, MANY[index + 1], proof, root)
        for other in (index - 1, index + 1, index + size, index - size, size):
            assert not verify_inclusion(other, size, MANY[index], proof, root)


@pytest.mark.parametrize("new", range(MOST + 1))
def test_every_older_tree_is_proved_to_be_the_beginning(new: int) -> None:
    root = TREE.root(0, new)
    for old in range(new + 1):
        before = TREE.root(0, old)
        proof = consistency_proof(old, new, TREE.root)
        assert proof == (TREE.proof(old, 0, new) if old else [])
        assert verify_consistency(old, new, before, root, proof)
        if 0 < old < new:
            assert not verify_consistency(old, new, root, before, proof)
            assert not verify_consistency(old, new, root, root, proof)
            assert not verify_consistency(old, new, before, before, proof)
            assert not verify_consistency(old - 1, new, before, root, proof)
            assert not verify_consistency(new, old, root, before, proof)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 31, 33, 64, 100, 127, 128, 129, 130])
def test_a_wrong_proof_shows_nothing(size: int) -> None:
    root = TREE.root(0, size)
    tried = 0
    for index in range(size):
        for proof in wrong(TREE.path(index, 0, size)):
            tried += 1
            assert not verify_inclusion(index, size, MANY[index], proof, root)
    for old in range(1, size + 1):
        for proof in wrong(TREE.proof(old, 0, size)):
            tried += 1
            assert not verify_consistency(old, size, TREE.root(0, old), root, proof)
    assert tried >= 6 * size


def test_a_proof_is_for_the_shape_of_one_size() -> None:
    for size in range(2, MOST):
        for index in range(size):
            proof = TREE.path(index, 0, size)
            assert not verify_inclusion(index, size + 1, MANY[index], proof, TREE.root(0, size + 1))
            assert not verify_inclusion(index, size - 1, MANY[index], proof, TREE.root(0, size - 1))
        for old in range(1, size):
            proof = TREE.proof(old, 0, size)
            assert not verify_consistency(old, size + 1, TREE.root(0, old), TREE.root(0, size + 1), proof)
            assert (
                not verify_consistency(old + 1, size, TREE.root(0, old + 1), TREE.root(0, size), proof) or old == size
            )


def test_hashes_of_another_length_show_nothing() -> None:
    leaf = MANY[0]
    assert verify_inclusion(0, 1, leaf, [], leaf)
    assert not verify_inclusion(0, 1, b"", [], b"") and not verify_inclusion(0, 1, leaf[:31], [], leaf[:31])
    assert verify_consistency(1, 1, leaf, leaf, [])
    assert not verify_consistency(1, 1, b"", b"", [])
    assert not verify_consistency(0, 1, EMPTY_ROOT, b"", [])


def test_nothing_is_the_beginning_of_everything_and_has_one_root() -> None:
    root = TREE.root(0, 5)
    assert consistency_proof(0, 5, TREE.root) == consistency_proof(0, 0, TREE.root) == []
    assert verify_consistency(0, 5, EMPTY_ROOT, root, []) and verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert not verify_consistency(0, 5, EMPTY_ROOT, root, [root])
    assert not verify_consistency(0, 5, root, root, [])
    assert not verify_consistency(0, 0, root, root, [])
    assert not verify_consistency(-1, 5, EMPTY_ROOT, root, [])


def test_equal_entries_do_not_confuse_who_verifies() -> None:
    tree = Tree(SAME)
    for size in range(1, 10):
        for index in range(size):
            proof = tree.path(index, 0, size)
            assert verify_inclusion(index, size, SAME[0], proof, tree.root(0, size))
            assert not verify_inclusion(index, size, SAME[0], proof[:-1], tree.root(0, size)) or not proof


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 5), (5, 5)])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="has no leaf"):
        inclusion_proof(index, size, TREE.root)


@pytest.mark.parametrize(("old", "new"), [(2, 1), (-1, 1), (1, 0)])
def test_a_larger_tree_is_not_the_beginning_of_a_smaller_one(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="not the beginning"):
        consistency_proof(old, new, TREE.root)

"""Proofs over the tree: an entry is in it, an older tree is its beginning (RFC 6962 §2.1.1, §2.1.2)."""

from collections.abc import Callable, Sequence

from domain.merkle import EMPTY_ROOT, node_hash

HASH = 32

RangeRoot = Callable[[int, int], bytes]
"""MTH of the leaves from a first one up to but not including another: `range_root(start, stop)`."""


def inclusion_proof(index: int, size: int, range_root: RangeRoot) -> list[bytes]:
    """Return PATH(index, D[size]) of RFC 6962 §2.1.1: from the leaf's sibling up to the root's child."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    proof = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _left(stop - start)
        if index < middle:
            proof.append(range_root(middle, stop))
            stop = middle
        else:
            proof.append(range_root(start, middle))
            start = middle
    proof.reverse()
    return proof


def consistency_proof(old: int, new: int, range_root: RangeRoot) -> list[bytes]:
    """Return PROOF(old, D[new]) of RFC 6962 §2.1.2.

    It is empty for trees of one size, and for an empty old tree, as C2SP tlog-witness has it.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} leaves is not the beginning of one of {new}")
    if old in (0, new):
        return []
    proof = []
    start, stop = 0, new
    while stop != old:
        middle = start + _left(stop - start)
        if old <= middle:
            proof.append(range_root(middle, stop))
            stop = middle
        else:
            proof.append(range_root(start, middle))
            start = middle
    if start:  # where the rest of the old tree is all of it, its root is known to who verifies
        proof.append(range_root(start, stop))
    proof.reverse()
    return proof


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the proof shows that hash as the leaf of that index in that tree (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size or not _hashes(leaf, root, *proof):
        return False
    node, last, found = index, size - 1, leaf
    for other in proof:
        if not last:
            return False
        if node & 1 or node == last:
            found = node_hash(other, found)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, other)
        node, last = node >> 1, last >> 1
    return not last and found == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether the proof shows the old tree as the beginning of the new one (RFC 9162 §2.1.4.2).

    The RFC leaves out the old tree of no leaves: it begins every tree, its proof is empty and its root is known.
    """
    if not 0 <= old <= new or not _hashes(old_root, new_root, *proof):
        return False
    if old == new:
        return not proof and old_root == new_root and (old > 0 or old_root == EMPTY_ROOT)
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if not proof:
        return False
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    before = after = path[0]
    for other in path[1:]:
        if not last:
            return False
        if node & 1 or node == last:
            before, after = node_hash(other, before), node_hash(other, after)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            after = node_hash(after, other)
        node, last = node >> 1, last >> 1
    return not last and before == old_root and after == new_root


def _left(size: int) -> int:
    """Return the leaves of the left half: the largest power of two smaller than the size."""
    return 1 << (size - 1).bit_length() - 1


def _hashes(*values: bytes) -> bool:
    return all(len(value) == HASH for value in values)

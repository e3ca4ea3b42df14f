"""Roots of parts of a log's tree, from the hashes that the log keeps."""

from functools import lru_cache

from domain.errors import Damaged
from domain.event_log import EventLog
from domain.merkle import perfect_root, root_of
from domain.proofs import HASH, RangeRoot

TILE_HEIGHT = 8
TILE = 1 << TILE_HEIGHT
KEPT = 4096
"""Roots of perfect subtrees that are remembered: they never change, and neighbouring proofs share nearly all."""


def range_root_of(log: EventLog) -> RangeRoot:
    """Return `range_root(start, stop)` over a log: the MTH of the leaves [start, stop), counted from 0.

    For the ranges that RFC 6962 cuts a tree into: the start is a multiple of the largest power of two in the length.
    So `range_root(0, size)` is the root of the tree as it was at a size. Raises `Damaged` where the log lacks a hash.
    """

    @lru_cache(maxsize=KEPT)
    def perfect(height: int, number: int) -> bytes:
        """Return the root of a perfect subtree: one hash of a tile's level, or the tree over up to 128 of them."""
        level, rest = divmod(height, TILE_HEIGHT)
        return perfect_root(_hashes(log, level, number << rest, (number + 1) << rest))

    def range_root(start: int, stop: int) -> bytes:
        frontier = []
        while start < stop:
            height = (stop - start).bit_length() - 1
            number, uneven = divmod(start, 1 << height)
            if uneven:
                raise ValueError(f"the leaves from {start} to {stop} are no part of a tree")
            frontier.append(perfect(height, number))
            start += 1 << height
        return root_of(frontier)

    return range_root


def _hashes(log: EventLog, level: int, start: int, stop: int) -> list[bytes]:
    """Return hashes that lie in one tile. A full tile is one row; the growing one has its hashes in many."""
    number, first = divmod(start, TILE)
    tile = log.tile(level, number)
    if tile is not None:
        part = tile[first * HASH : (first + stop - start) * HASH]
        found = [part[at : at + HASH] for at in range(0, len(part), HASH)]
    else:
        found = log.hashes(level, start, stop)
    if len(found) != stop - start or any(len(each) != HASH for each in found):
        raise Damaged(f"The log is damaged: its tree lacks hashes {start} to {stop - 1} of level {level}.")
    return found

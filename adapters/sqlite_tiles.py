"""Full tiles of the tree, stored as they fill up (C2SP tlog-tiles)."""

from collections.abc import Callable

import apsw

from adapters.log_rows import LEAVES, ROOTS, TILE
from domain.merkle import perfect_root

Execute = Callable[..., apsw.Cursor]


def put_tile(execute: Execute, level: int, number: int, root: bytes | None = None) -> None:
    """Store a tile that has just filled up, and the tile above it when that fills up too.

    The hashes below it stand in the store already; `root` is the tile's root where it is known.
    """
    first = number * TILE
    last = first + TILE
    below = execute(LEAVES, (first, last)) if level == 0 else execute(ROOTS, (level - 1, first, last))
    hashes = [row[0] for row in below]
    execute("INSERT INTO tiles VALUES (?, ?, ?, ?)", (level, number, b"".join(hashes), root or perfect_root(hashes)))
    if (number + 1) % TILE == 0:
        put_tile(execute, level + 1, number // TILE)

"""What the tree costs: a proof out of it, and its upkeep as a share of one durable append."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random
from statistics import fmean, median
from time import process_time

import apsw

from adapters.envelope import entry_of
from adapters.log_rows import LEAVES, TILE
from adapters.sqlite_log import SqliteLog
from bench.measured import Measured, seconds
from domain.merkle import grow, leaf_hash
from domain.proofs import inclusion_proof, verify_inclusion
from domain.tree_ranges import range_root_of

PROOFS = 200
PROOF_S = 0.005
TILES = 20
"""The upkeep is measured over so many full tiles, so that the work at the end of each is in it."""


def proofs(path: Path) -> Measured:
    """Measure the work of proofs for entries all over a log, in processor time.

    Nothing is remembered from one to the next, as in a new process.
    """
    dice = Random(0)  # noqa: S311  # which entries are proved is no secret
    took = []
    with SqliteLog.open(path, read_only=True) as log:
        tree = log.tree()
        for _ in range(PROOFS):
            index = dice.randrange(tree.size)
            begin = process_time()
            proof = inclusion_proof(index, tree.size, range_root_of(log))
            took.append(process_time() - begin)
            (leaf,) = log.hashes(0, index, index + 1)
            assert verify_inclusion(index, tree.size, leaf, proof, tree.root)
    detail = f"{median(took) * 1000:.2f} ms; allowed {PROOF_S * 1000:.0f} ms"
    return Measured(f"an inclusion proof at {tree.size:,} events / what is allowed", median(took) / PROOF_S, 1, detail)


def upkeep(path: Path, append: Callable[[], object], *, rounds: int) -> Measured:
    """Measure what the tree adds to one durable append.

    The appends are whole ones, with their commit. The upkeep is done again by itself, on the rows of the same log and
    with the functions that the append uses: the leaf, the frontier, the row that keeps it, and the tile when one is
    full. Two kinds of append, with and without a tree, could not tell: both wait for the disk, which varies by more.
    The row would be written without a tree, too, as it holds size and time; it counts here as if it were the tree's.
    """
    whole = median(seconds(append) for _ in range(rounds))
    source = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    rows = source.execute("SELECT recorded_at, clock, envelope FROM events ORDER BY position DESC LIMIT 1").fetchone()
    assert rows is not None
    recorded_at, clock, envelope = rows
    scratch = apsw.Connection(":memory:")
    scratch.execute("CREATE TABLE tree (size, frontier, recorded_at); INSERT INTO tree VALUES (0, x'', 0); BEGIN")
    scratch.execute("CREATE TABLE tiles (level, number, hashes, root)")
    frontier: list[bytes] = []
    positions = count(1)

    def one() -> None:
        position = next(positions)
        grow(frontier, position - 1, leaf_hash(entry_of(position, recorded_at, clock, envelope)))
        if position % TILE == 0:
            hashes = [row[0] for row in source.execute(LEAVES, (0, TILE))]
            tile = (0, position // TILE - 1, b"".join(hashes), frontier[-1])
            scratch.execute("INSERT INTO tiles VALUES (?, ?, ?, ?)", tile)
        edge = b"".join(frontier)
        scratch.execute("UPDATE tree SET size = ?, frontier = ?, recorded_at = ?", (position, edge, recorded_at))

    tree = fmean(seconds(one) for _ in range(TILES * TILE))
    detail = f"{tree * 1e6:.1f} µs of {whole * 1e6:.0f} µs"
    return Measured("the tree's share of one durable append", tree / whole, 0.10, detail)

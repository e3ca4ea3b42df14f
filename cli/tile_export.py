"""Write what a log's tree consists of into a folder of tiles, as far as it is not there yet."""

from collections.abc import Callable

from adapters.envelope import entry_of
from adapters.tile_files import ENTRIES, WIDTH, TileFiles, bundle_of
from domain.errors import Damaged
from domain.event_log import EventLog
from domain.merkle import leaf_hash
from domain.tree_ranges import range_root_of


def write_tiles(log: EventLog, size: int, root: bytes, files: TileFiles, *, done: Callable[[int], None]) -> None:
    """Write entries and hashes of the tree of a size; one tile is in memory at a time.

    `done` is told of entries. Raises `Damaged` where an entry, a tile and the root do not belong together.
    """
    for number in range(-(-size // WIDTH)):
        width = min(WIDTH, size - number * WIDTH)
        _write_entries(log, number, width, files)
        done(width)
    for level in range(1, (size.bit_length() - 1) // 8 + 1):
        full, rest = divmod(size >> 8 * level, WIDTH)
        for number in range(full):
            files.put(level, number, WIDTH, _full(log, level, number))
        if rest:
            files.put(level, full, rest, b"".join(log.hashes(level, full * WIDTH, full * WIDTH + rest)))
    if range_root_of(log)(0, size) != root:
        raise Damaged(
            "The log's tiles do not lead to its root; orch audit verify says where.", fix=("orch audit verify",)
        )


def _write_entries(log: EventLog, number: int, width: int, files: TileFiles) -> None:
    """Write one tile of leaves and the entries below it; entries that were published are not read again."""
    if width == WIDTH and files.has_entries(number):
        files.put(0, number, width, _full(log, 0, number))
        return
    first = number * WIDTH + 1
    entries, leaves = [], []
    for record in log.records(first, first + width - 1):
        entry = entry_of(record.position, record.recorded_at, record.clock, record.envelope)
        if leaf_hash(entry) != record.leaf:
            raise _not_its_leaf(record.position)
        entries.append(entry)
        leaves.append(record.leaf)
    hashes = b"".join(leaves)
    if len(leaves) != width or (width == WIDTH and _full(log, 0, number) != hashes):
        raise _not_its_leaf(first)
    files.put(ENTRIES, number, width, bundle_of(entries))
    files.put(0, number, width, hashes)


def _full(log: EventLog, level: int, number: int) -> bytes:
    tile = log.tile(level, number)
    if tile is None:
        raise Damaged(f"The log lacks tile {number} of level {level}.", fix=("orch audit verify",))
    return tile


def _not_its_leaf(position: int) -> Damaged:
    return Damaged(
        f"The entry at position {position} is not what its leaf and tile say; nothing was published.",
        fix=("orch audit verify",),
    )

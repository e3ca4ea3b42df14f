"""One salvage: what is left of a store and of its backups, held against everything that was signed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from adapters.backup_storage import Storage
from adapters.places import Places
from adapters.salvage_finds import Find, Finds, Text
from adapters.salvage_pages import Pages
from adapters.stored_events import StoredEvent
from cli.progress import Progress
from cli.salvage_backups import FromBackups, keys_of_backups, read_backups
from cli.salvage_reading import Left, Speakers, checkpoints, kept_files, read_store, redactions, speakers
from domain.errors import InvalidInput, NotFound, Refusal
from domain.tree_ranges import TILE
from projections.salvage_vouching import By, Vouched, Witnesses, vouch
from usecases.redacted_since import redacted_in_force_of

SCRATCH = ".found"
MOST_TRIES = 4_000_000
"""Hashes that may be spent on finding the place of rows that lost their number."""


class Asking(NamedTuple):
    """What a salvage is asked to look at."""

    places: Places
    storage: Storage | None
    """Where the backups are, or None where nobody can say."""
    is_named: bool
    """Whether the folder was named by the caller: then it has to be one."""
    identities: Sequence[Any]
    vkeys: Sequence[str]
    against: Sequence[Path]


class Saved(NamedTuple):
    """One event to be kept, and what is to be said of it."""

    event: StoredEvent
    is_filled: bool
    text: Text
    is_text_filled: bool
    is_withheld: bool
    """A backup holds its text, but the event that may have erased it is lost."""


class Salvage:
    """Everything that was found, with one event for each position that can be saved."""

    def __init__(
        self,
        finds: Finds,
        vouched: Vouched,
        redacted: dict[int, int],
        known: int,
        *,
        told: Speakers,
        tiles: dict[int, tuple[bytes, ...]],
        backups: FromBackups | None,
        files: list[Path],
        remarks: list[str],
    ) -> None:
        self.finds = finds
        self.leaves = vouched.leaves
        self.vouched = vouched
        self.redacted = redacted
        self.known = known
        self.told = told
        self.tiles = tiles
        self.backups = backups
        self.checkpoint_files = files
        self.remarks = remarks
        self.without_text: list[int] = []
        """The positions of the new log whose texts were lost; whoever walks through it puts them down."""
        self._last_lost = next((p for p in range(known, 0, -1) if p not in self.leaves), 0)

    def by(self, position: int) -> tuple[By, str]:
        """Return who vouches for the event at a position."""
        return self.vouched.by[position]

    def expected(self, position: int) -> bytes | None:
        """Return the hash of the event at a position, where something beside its row still names it."""
        tile = self.tiles.get((position - 1) // TILE)
        return tile[(position - 1) % TILE] if tile else None

    def lost(self) -> Iterator[int]:
        """Yield the positions that nothing was saved of."""
        return (position for position in range(1, self.known + 1) if position not in self.leaves)

    def saved(self, position: int) -> Saved:
        """Return the event at a position that can be saved, with as much of its text as may be kept."""
        finds = self.finds.at(position, self.leaves[position])
        is_filled = all(each.backup for each in finds)
        best = finds[0]
        if best.text is Text.HERE and position in self.redacted:
            return Saved(_without(best), is_filled, Text.ERASED, False, False)
        if best.text is Text.HERE and position < self._last_lost and _is_erased(finds):
            return Saved(_without(best), is_filled, Text.LOST, False, True)
        is_text_filled = best.backup and not is_filled
        lost = best.text in (Text.ERASED, Text.LOST) and position not in self.redacted
        text = Text.LOST if lost else Text.ERASED if best.text is Text.LOST else best.text
        return Saved(best.event, is_filled, text, is_text_filled, False)


@contextmanager
def salvaged_from(asking: Asking, scratch: Path) -> Iterator[Salvage]:
    """Read the store and its backups, and decide what is believed. The store is only read."""
    finds = Finds(scratch)
    try:
        remarks: list[str] = []
        with Pages(asking.places.log) as pages, Progress(pages.count, "pages read") as progress:
            left = read_store(pages, finds, progress.advance)
        if left.refused:
            remarks.append(f"The disk refused {left.refused} reads of {asking.places.log}.")
        told = speakers(finds)
        backups = _backups(asking, finds, told, remarks)
        told = speakers(finds)
        if backups is not None:
            told = told._replace(keys=list(dict.fromkeys([*told.keys, *backups.keys])))
        files = [*asking.against, *kept_files(asking.places.checkpoints)]
        roots, good = checkpoints(files, told, asking.vkeys, asking.places.keys, remarks)
        sizes = [root.size for root in (*roots, *left.trees)]
        known = max([*sizes, backups.last if backups else 0], default=0)
        _place(finds, known)
        signed = backups.leaves if backups else {}
        candidates = finds.candidates()
        vouched = vouch(candidates, Witnesses(signed, left.tiles, left.tile_roots, [*roots, *left.trees]))
        known = max([known, *vouched.leaves])
        redacted = _redacted(asking.places, finds, vouched, left, backups)
        yield Salvage(
            finds, vouched, redacted, known, told=told, tiles=left.tiles, backups=backups, files=good, remarks=remarks
        )
    finally:
        finds.close()


def _backups(asking: Asking, finds: Finds, told: Speakers, remarks: list[str]) -> FromBackups | None:
    """Read the backups; those that nobody named are a help where they are there, and no condition."""
    if asking.storage is None:
        return None
    keys = asking.vkeys or keys_of_backups(asking.storage, told.keys, asking.places.keys)
    try:
        with Progress(0, "events of the backups") as progress:
            found = read_backups(
                finds, asking.storage, asking.identities, keys=keys, lineage=told.lineage, done=progress.advance
            )
    except NotFound as error:
        if asking.is_named:
            raise
        remarks.append(f"No backups: {error.message}")
        return None
    except InvalidInput as error:
        if asking.is_named:
            raise
        remarks.append(f"The backups in {asking.storage.where} were left alone: {error.message}")
        return None
    except Refusal as error:
        remarks.append(f"The backups in {asking.storage.where} cannot be used: {error.message}")
        return None
    remarks += found.remarks
    return found


def _place(finds: Finds, known: int) -> None:
    if not finds.loose:
        return
    there = finds.candidates()
    missing = [position for position in range(1, known + 1) if not any(own for _, own in there.get(position, ()))]
    if len(missing) * finds.loose <= MOST_TRIES:
        finds.place(iter(missing))


def _redacted(
    places: Places, finds: Finds, vouched: Vouched, left: Left, backups: FromBackups | None
) -> dict[int, int]:
    """Return every redaction that anything of this project tells of: what was erased stays erased."""
    told = redactions(finds, vouched.leaves)
    carried = {gone: by for gone, by in left.carried.items() if by}
    force = redacted_in_force_of(places, lambda position, leaf: vouched.leaves.get(position) == leaf)
    return force | carried | (backups.redactions if backups else {}) | told


def _is_erased(finds: Sequence[Find]) -> bool:
    return any(each.text is Text.ERASED and not each.backup for each in finds)


def _without(find: Find) -> StoredEvent:
    return find.event._replace(salt=None, payload=None)


def stretches_of(positions: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, int, Any]]:
    """Yield first, last and what they have in common, of positions that follow each other."""
    first = last = 0
    common: Any = None
    for position, what in chain(positions, [(-1, None)]):
        if first and (position != last + 1 or what != common):
            yield first, last, common
            first = 0
        if not first:
            first, common = position, what
        last = position

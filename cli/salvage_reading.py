"""Read all that is left of a damaged store: rows, tiles, trees, and what is kept beside the log."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from adapters.checkpoint_files import SUFFIX
from adapters.keys import kept_keys
from adapters.log_notes import CARRIED
from adapters.salvage_finds import Finds
from adapters.salvage_pages import Pages
from adapters.salvage_records import (
    FoundTile,
    commands_in,
    events_in,
    notes_in,
    places_in,
    tiles_in,
    trees_in,
)
from adapters.signed_notes import VerifierKey
from domain.errors import Damaged, InvalidInput, NotFound
from domain.lineage import Fork, Lineage
from domain.merkle import perfect_root, root_of
from domain.proofs import HASH
from domain.tree_ranges import TILE
from projections.salvage_vouching import Root
from projections.verification import Findings
from usecases.held import held
from usecases.held import notes_in as notes_in_files

MOST_CARRIED = 1_000_000


class Left(NamedTuple):
    """What is left of the store beside its rows; nothing of it is proven."""

    tiles: dict[int, tuple[bytes, ...]]
    tile_roots: dict[int, bytes]
    trees: list[Root]
    carried: dict[int, int]
    """The redactions that a recovered store was told of."""
    refused: int


class Clue(NamedTuple):
    """What is known of a lost event."""

    stream: str | None = None
    version: int | None = None
    command_id: str | None = None


class Speakers(NamedTuple):
    """Who has spoken for the log, as its own events say."""

    keys: list[str]
    lineage: Lineage | None


def read_store(pages: Pages, finds: Finds, done: Callable[[int], None]) -> Left:
    """Look through every page for rows; whatever verifies by its own hash is a find."""
    tiles: dict[tuple[int, int], list[FoundTile]] = {}
    trees: dict[int, bytes] = {}
    carried: dict[int, int] = {}
    for page in pages.all():
        for event in events_in(pages, page):
            finds.add(event)
        for tile in tiles_in(pages, page):
            known = tiles.setdefault((tile.level, tile.number), [])
            if tile not in known:
                known.append(tile)
        for tree in trees_in(pages, page):
            frontier = [tree.frontier[at : at + HASH] for at in range(0, len(tree.frontier), HASH)]
            trees.setdefault(tree.size, root_of(frontier))
        for note in notes_in(pages, page, CARRIED):
            carried |= _carried(note)
        done(1)
    whole: dict[int, tuple[bytes, ...]] = {}
    roots: dict[int, bytes] = {}
    for (level, number), found in tiles.items():
        split = [tuple(each.hashes[at : at + HASH] for at in range(0, len(each.hashes), HASH)) for each in found]
        fits = {hashes for hashes, each in zip(split, found, strict=True) if perfect_root(hashes) == each.root}
        if level == 0 and len(fits) == 1:
            whole[number] = fits.pop()
        if level == 0:
            roots.setdefault(number, found[0].root)
        elif level == 1 and len(fits) == 1:
            roots |= dict(enumerate(fits.pop(), number * TILE))
    told = [Root(size, root, "the store's own tree", signed=False) for size, root in sorted(trees.items())]
    return Left(whole, roots, told, carried, pages.refused)


def speakers(finds: Finds) -> Speakers:
    """Return the keys and names that the events of the log tell."""
    keys: list[str] = []
    forks: dict[int, Fork] = {}
    first = None
    for (position, _), envelope in sorted(finds.told.items(), key=lambda each: each[0]):
        facts = envelope["facts"] if type(envelope["facts"]) is dict else {}
        keys += [str(facts[name]) for name in ("public_key", "replaces") if _is_key(facts.get(name))]
        if envelope["topic"] == "project.initialised":
            first = first or str(envelope["origin"])
        if envelope["topic"] == "ledger.forked":
            try:
                forks[position] = Fork(facts["parent"], facts["size"], facts["origin"], facts["parent_size"])
            except KeyError:
                continue
    names = [fork for _, fork in sorted(forks.items())]
    lineage = Lineage(first or names[0].parent, tuple(names)) if first or names else None
    return Speakers(list(dict.fromkeys(reversed(keys))), lineage)


def redactions(finds: Finds, leaves: dict[int, bytes]) -> dict[int, int]:
    """Return what the events that are believed have erased: position whose text is gone → position that says so."""
    found = {}
    for (position, leaf), envelope in finds.told.items():
        if envelope["topic"] == "ledger.payload_redacted" and leaves.get(position) == leaf:
            gone = envelope["facts"].get("position") if type(envelope["facts"]) is dict else None
            if type(gone) is int:
                found[gone] = position
    return found


def checkpoints(
    files: Iterable[Path], told: Speakers, given: Sequence[str], folder: Path, remarks: list[str]
) -> tuple[list[Root], list[Path]]:
    """Return the signed roots that count, and the files they stand in; the folder is that of the project's keys."""
    roots: list[Root] = []
    good: list[Path] = []
    keys = [*given, *told.keys]
    for file in files:
        findings = Findings()
        try:
            notes = notes_in_files([file])
            named = notes[0][1].partition(b"\n")[0].decode(errors="replace")
            origin = told.lineage.origin if told.lineage else named
            found, _ = held(
                notes, [*keys, *kept_keys(folder, named)], origin=origin, findings=findings, lineage=told.lineage
            )
        except (InvalidInput, NotFound) as error:
            remarks.append(f"A checkpoint does not count: {error.message}")
            continue
        remarks += [f"A checkpoint does not count: {each['found']}" for each in findings.problems]
        roots += [Root(one.checkpoint.size, one.checkpoint.root, one.file, signed=True) for one in found]
        good += [file] if found else []
    return roots, good


def kept_files(folder: Path) -> list[Path]:
    """Return the files of the checkpoints that lie beside the log, by their size."""
    try:
        found = [path for path in folder.glob(f"*{SUFFIX}") if path.stem.isascii() and path.stem.isdecimal()]
    except OSError:
        return []
    return sorted(found, key=lambda path: int(path.stem))


def clues(pages: Pages, lost: "range | set[int]") -> dict[int, Clue]:
    """Look through the index and the commands once more for what they say of lost positions."""
    found: dict[int, Clue] = {}
    for page in pages.all():
        for stream, version, position in places_in(pages, page):
            if position in lost and _is_stream(stream):
                found[position] = found.get(position, Clue())._replace(stream=stream.decode(), version=version)
        for command, first, last in commands_in(pages, page):
            if last - first < TILE and command.isascii() and command.decode().isprintable():
                for position in range(first, last + 1):
                    if position in lost:
                        found[position] = found.get(position, Clue())._replace(command_id=command.decode())
    return found


def _carried(note: bytes) -> dict[int, int]:
    try:
        found = {int(gone): int(by) for gone, by in orjson.loads(note).items()}
    except (orjson.JSONDecodeError, ValueError, TypeError, AttributeError):
        return {}
    return found if len(found) < MOST_CARRIED else {}


def _is_key(value: Any) -> bool:
    try:
        VerifierKey.parse(value)
    except (InvalidInput, Damaged, AttributeError, TypeError):
        return False
    return True


def _is_stream(name: bytes) -> bool:
    kind = name.partition(b":")[0]
    return name.isascii() and kind.isalpha() and kind.islower() and name.decode().isprintable()

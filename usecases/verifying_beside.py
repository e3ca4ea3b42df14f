"""What a log keeps beside its rows: tiles, the table of commands, and nothing beyond its tree."""

from collections.abc import Iterator, Sequence

from domain.errors import Damaged
from domain.event_log import EventLog, KnownCommand, Record
from domain.tree_ranges import TILE
from projections.verification import Findings
from projections.verify_commands import Commands, compare_runs
from projections.verify_tree import levels, upper_tiles
from usecases.way_out import GUARD, GUARD_SAYS

FAR = 1 << 62
"""Beyond every position and number."""
HEIGHT = 8
"""Levels of tiles above the leaves: 256⁸ entries are more than there are positions."""


def compare_tiles(log: EventLog, roots: Sequence[bytes], findings: Findings) -> None:
    """Compare the tiles above the leaves, and the root beside every tile, with those of the rebuilt tree."""
    try:
        for level, number, hashes in upper_tiles(roots):
            if log.tile(level, number) != hashes:
                findings.note(number * TILE ** (level + 1) + 1, "tile", f"tile {number} of level {level}", "another")
        for level, made in levels(roots):
            for at in range(0, len(made), TILE):
                kept = log.hashes(level, at, at + TILE)
                for number, (one, other) in enumerate(zip(made[at : at + TILE], kept, strict=False), at):
                    if one != other:
                        findings.note(number * TILE**level + 1, "tile root", one, other)
    except Damaged as error:
        findings.note(None, "tile", "tiles that can be read", error.message)


def unsound_in(log: EventLog) -> list[str]:
    """Return what the store finds wrong with itself: rows read one after the other do not show a broken index."""
    try:
        return log.unsound()
    except Damaged as error:
        return [error.message]


def note_unsound(told: list[str], findings: Findings) -> None:
    """Note what the store finds wrong with itself. A guard that is not at work has a kind, and a mend, of its own."""
    for sentence in told:
        if sentence.startswith(GUARD_SAYS):
            findings.note(None, GUARD, "every guard at work", sentence)
        else:
            findings.note(None, "store", "indexes and pages that fit the rows", sentence)


def compare_beyond(log: EventLog, size: int, findings: Findings) -> None:
    """Note rows and tiles that belong to no tree; what others have appended meanwhile belongs to one."""
    try:
        for record in log.records(-FAR, 0):
            findings.note(record.position, "beyond the tree", "nothing before position 1", record.topic)
        for record in log.records(size + 1, FAR):
            if record.position > log.moment().position:
                findings.note(record.position, "beyond the tree", f"nothing after {size}", record.topic)
        for level in range(1, HEIGHT + 1):
            full = log.moment().position // TILE**level
            more = log.hashes(level, full, FAR) or log.hashes(level, -FAR, 0)
            if more and log.moment().position // TILE**level == full:
                findings.note(None, "beyond the tree", f"{full} full tiles of level {level - 1}", "more")
    except Damaged as error:
        findings.note(None, "beyond the tree", "nothing", error.message)


def commands_agree(log: EventLog, commands: Commands, size: int) -> bool:
    """Tell whether the table of commands says what the rows up to a size say."""
    try:
        for command in _table(log, size):
            commands.known(command)
    except Damaged:
        return False
    return commands.agree


def name_commands(log: EventLog, records: Iterator[Record], size: int, findings: Findings) -> None:
    """Name the commands in which the table and the rows differ."""
    try:
        compare_runs(_runs(records), _table(log, size), findings)
    except Damaged as error:
        findings.note(None, "command", "commands that can be read", error.message)


def _table(log: EventLog, size: int) -> Iterator[KnownCommand]:
    """Yield the commands up to a size; others may have been recorded meanwhile."""
    for command in log.commands():
        if command.first <= size or command.last > log.moment().position:
            yield command


def _runs(records: Iterator[Record]) -> Iterator[KnownCommand]:
    """Yield every unbroken run of rows with one command id."""
    run: KnownCommand | None = None
    for record in records:
        if run is not None and run.command_id == record.command_id:
            run = run._replace(last=record.position)
            continue
        if run is not None:
            yield run
        run = KnownCommand(record.command_id, record.position, record.position)
    if run is not None:
        yield run

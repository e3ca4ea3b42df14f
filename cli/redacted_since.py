"""What was erased between a recovery and its promotion: a text that is gone in one may still be in the other."""

import shlex
from pathlib import Path

from adapters.sqlite_log import SqliteLog
from cli.backup_adding import redacted_in
from cli.recovered import lineage_in, recovered_note
from domain.errors import RedactedSince


def refuse_erased_since(folder: Path, new: SqliteLog, old: SqliteLog, state: Path) -> None:
    """Refuse a recovered store that holds texts of events which the store in force shares, and has erased."""
    held = [position for position in sorted(redacted_in(old)) if _is_held(position, new, old)]
    if held:
        raise RedactedSince(str(folder), held, fix=_again(folder, new, state))


def _is_held(position: int, new: SqliteLog, old: SqliteLog) -> bool:
    """Tell whether both have the same event at a position, and the new one its text."""
    mine = next(new.records(position, position), None)
    if mine is None or mine.payload is None:
        return False
    theirs = next(old.records(position, position), None)
    return theirs is not None and theirs.leaf == mine.leaf


def _again(folder: Path, new: SqliteLog, state: Path) -> tuple[str, ...]:
    """Return the command that makes the store again, from where it was made."""
    note, forks = recovered_note(new), lineage_in(new).forks
    # without a note it was forked before a promotion was interrupted, and has more events than were recovered
    size = new.moment().position if note is not None or not forks else forks[-1].size
    words = ["recover", "run", "--to", f"position:{size}", "--out", _free(folder)]
    if note is not None and note.source == "backup":
        words += ["--from-backups", note.where]
    elif note is not None and note.where != str(state):
        words = ["--state-dir", note.where, *words]
    return (shlex.join(["orch", *words]),)


def _free(folder: Path) -> str:
    """Return the name of a folder beside the given one that is not there yet."""
    number = 2
    while (path := folder.with_name(f"{folder.name}-{number}")).exists():
        number += 1
    return str(path)

"""One folder of the predecessor as claims: its states in their order, and the documents beside them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from adapters.import_backups import Snapshot, Text, claims_of
from adapters.import_doubts import doubts
from adapters.import_files import Folder, LeftOut, Unreadable
from adapters.import_layouts import BACKUP, STATE
from adapters.import_state import StateThere, read_state
from domain.import_claims import Claim
from domain.steps import Step

MOST_BACKUPS = 5_000


class Told(NamedTuple):
    """What one folder tells; `refused` says why nothing of it can be imported."""

    claims: list[Claim]
    state: StateThere | None
    opened_at: int | None
    left_out: list[LeftOut]
    notes: list[str]
    refused: str | None = None


def predecessor(folder: Folder, states: Sequence[PurePosixPath], texts: Mapping[Step, PurePosixPath]) -> Told:
    """Read the state files and the documents of one phase."""
    left_out: list[LeftOut] = []
    notes: list[str] = []
    current = next((path for path in states if path.name == STATE), None)
    try:
        snapshots = list(_backups(folder, states, left_out, notes))
        if current is not None:
            state = read_state(folder.text(current))
            snapshots.append(Snapshot(state, state.modified))
        else:
            notes.append(f"there is no {STATE}: the newest backup stands for it")
    except Unreadable as error:
        why = f"{STATE} {error}; repair it, or move it away so that the newest backup stands for it"
        return Told([], None, None, left_out, notes, why)
    if not snapshots:
        return Told([], None, None, left_out, notes, "no state in it can be read")
    found: dict[Step, Text] = {}
    for step, path in texts.items():
        try:
            text = folder.text(path)
        except Unreadable as error:
            left_out.append(LeftOut(str(path), str(error)))
            continue
        if text.strip():
            found[step] = Text(text, str(path))
        else:
            left_out.append(LeftOut(str(path), "is empty"))
    notes += doubts(snapshots, found.keys())
    names = sorted({snapshot.state.phase for snapshot in snapshots if snapshot.state.phase})
    if len(names) > 1:
        notes.append(f"its states name {len(names)} phases: {', '.join(name[:60] for name in names[:5])}")
    created = (snapshot.state.created for snapshot in snapshots)
    opened = next((at for at in created if at is not None), snapshots[0].at)
    return Told(claims_of(snapshots, found), snapshots[-1].state, opened, left_out, notes)


def _backups(
    folder: Folder, states: Sequence[PurePosixPath], left_out: list[LeftOut], notes: list[str]
) -> Iterator[Snapshot]:
    """Yield the backups in the order of their times; what cannot be read is left out."""
    named = sorted((int(found[1]), path) for path in states if (found := BACKUP.fullmatch(path.name)))
    if len(named) > MOST_BACKUPS:
        why = f"is older than the newest {MOST_BACKUPS:,} backups"
        left_out += [LeftOut(str(path), why) for _, path in named[:-MOST_BACKUPS]]
        named = named[-MOST_BACKUPS:]
    before = None
    for epoch, path in named:
        if epoch == before:
            notes.append(f"{path.name} names the same time as the backup before it: kept in the order of their names")
        before = epoch
        try:
            state = read_state(folder.text(path))
        except Unreadable as error:
            left_out.append(LeftOut(str(path), str(error)))
            continue
        yield Snapshot(state, epoch * 1000 if state.modified is None else state.modified)

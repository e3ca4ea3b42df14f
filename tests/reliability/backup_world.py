"""A project with backups in all their kinds, made once, and ways to look at them."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from adapters.backup_folder import Folder
from adapters.backup_reading import open_backups
from adapters.backup_target import read_target
from adapters.sqlite_log import SqliteLog
from adapters.stored_events import StoredEvent, stored
from domain.errors import Damaged, NotFound, Refusal
from tests.cli.conftest import Orch
from tests.cli.verified_world import many
from usecases.backup_verifying import verified

LOG = Path(".orch/log.db")

Files = dict[str, bytes]


class Kept(NamedTuple):
    """Backups as bytes: what they are, what they were before, and what the log says."""

    now: Files
    before: Sequence[Files]
    """Settled states of the folder, the oldest first."""
    events: Sequence[StoredEvent]
    identities: Sequence[Any]
    keys: tuple[str, ...]
    newest: str


def files_in(folder: Path) -> Files:
    """Return every file of a target by its name; what nobody reads is left out."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def lay(files: Files, folder: Path) -> None:
    """Make a folder of these files."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)


def make_backups(orch: Orch, *, encrypted: bool) -> Kept:
    """Fill the project in the current folder and back it up again and again: two copies, several segments each."""
    import pyrage

    identity = pyrage.x25519.Identity.generate()
    words = ("--recipient", str(identity.to_public())) if encrypted else ()
    orch("init", "--host", "example.org")
    templates = Path(".orch/templates")
    templates.mkdir()
    (templates / "note.txt").write_text("a template of our own\n")
    before = []
    for turn in range(6):
        if turn == 2:
            with SqliteLog.open(LOG) as log:
                log.append([many("st02-many", 40)])
        orch("spec", f"st{turn + 10}-x", "--objectives", f"Round trip below {turn} ms")
        full = ("--full",) if turn == 3 else ()
        assert orch("backup", "create", "--to", "away", *words, *full).status == 0
        before.append(files_in(Path("away")))
    key = orch("audit", "key", "show", "--json").data["key"]
    with SqliteLog.open(LOG, read_only=True) as log:
        events = [stored(record) for record in log.records()]
    return Kept(before[-1], before[:-1], events, [identity] if encrypted else [], (key,), "copy-0002")


def is_found_by_verify(folder: Path, kept: Kept) -> bool:
    """Tell whether a verification finds that something is wrong."""
    try:
        target = read_target(Folder(folder), kept.keys)
        found = verified(target, target.copies, list(kept.identities), given_key=True)
    except (Damaged, NotFound):
        return True
    assert found["verdict"] in ("damaged", "verified")
    return found["verdict"] == "damaged"


def read_back(folder: Path, kept: Kept) -> list[StoredEvent] | None:
    """Return the events as a restore gets them, or None where it is refused before the first one."""
    given = 0
    try:
        backups = open_backups(Folder(folder), kept.identities, vkeys=kept.keys)
        backups.check_files()
        found = []
        for event in backups.events():
            given += 1
            found.append(event)
    except Refusal as refusal:
        assert isinstance(refusal, (Damaged, NotFound)), refusal
        assert given == 0, "something was given away before the damage was found"
        return None
    return found


def leftovers(folder: Path) -> list[str]:
    """Return what a command that was cut off left in a folder."""
    return [name for name in os.listdir(folder) if name.startswith(".") and name != ".lock"]

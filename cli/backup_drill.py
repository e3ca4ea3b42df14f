"""orch backup drill: restore the backups for trial, compare with the store, and remember what came of it."""

import os
from collections.abc import Mapping
from pathlib import Path
from time import monotonic, time_ns
from typing import TYPE_CHECKING, Any, TypedDict, cast

import orjson
import typer

from adapters.durable import sync
from cli import exits
from cli.answers import answer
from cli.backup_adding import redacted_in
from cli.backup_options import CopyName, From, Identities
from cli.backup_project import target_of
from cli.backup_restore import refilled_from
from cli.options import Asked, plain
from cli.project import opened
from cli.screen import clean, one_line, paint
from domain.errors import Damaged, FilesUnavailable
from domain.event_log import EventLog, Head
from domain.times import rfc3339
from usecases.project import Project
from usecases.reads import decoded
from usecases.recovered import state_digest
from usecases.signed_head import keys_of

if TYPE_CHECKING:
    from adapters.backup_reading import Backups
    from adapters.backup_storage import Storage

MOST_KEPT = 1 << 20
"""Bytes of the file of drills that are read back, from its end."""


class Drill(TypedDict):
    """What came of a drill. `unshipped` are events that were in the store and in no backup."""

    at: str
    passed: bool
    why: str | None
    folder: str
    copy: str | None
    position: int
    bytes: int
    root: str | None
    state_digest: str | None
    unshipped: int
    seconds: float


class _Tried(Exception):
    """The scratch store has served its purpose; a folder that is not finished is removed."""


@plain
def drill(asked: Asked, from_: From = None, identity: Identities = None, copy: CopyName = None) -> None:
    """Restore the backups into a scratch store, verify it, compare root and state with the store, record the result.

    Exit 0: the backups bring back what the store holds. 6: they do not.

    Example: orch backup drill --from backups

    Next: orch backup list
    """
    from adapters.backup_packing import identities_from

    identities = identities_from(identity or ())
    with opened() as project:
        found = _drilled(project, target_of(project.places, from_), identities, copy)
        _remember(project.places.drills, found)
    answer("backup.drill", found, as_json=asked.json, show=lambda: _show(found))
    raise typer.Exit(exits.DONE if found["passed"] else exits.DAMAGED)


def _drilled(project: Project, storage: "Storage", identities: list[Any], copy: str | None) -> Drill:
    from adapters.backup_reading import open_backups

    began = monotonic()
    keys = keys_of(project)
    size = project.log.moment().position
    found: Drill = {
        "at": rfc3339(time_ns() // 1000),
        "passed": False,
        "why": None,
        "folder": storage.where,
        "copy": copy,
        "position": 0,
        "bytes": 0,
        "root": None,
        "state_digest": None,
        "unshipped": size,
        "seconds": 0.0,
    }
    try:
        backups = open_backups(storage, identities, vkeys=(keys.current, *keys.replaced), copy=copy)
        backups.obey(redacted_in(project.log))
        last = backups.head.last
        found |= {"copy": backups.copy.name, "position": last, "bytes": backups.copy.size}
        found["unshipped"] = max(0, size - last)
        _try(project, backups, found)
        found["passed"] = True
    except Damaged as error:
        found["why"] = error.message
    found["seconds"] = round(monotonic() - began, 3)
    return found


def _try(project: Project, backups: "Backups", found: Drill) -> None:
    """Restore beside the store and compare. Raises `Damaged` for any difference."""
    from contextlib import suppress

    from adapters.new_folders import new_folder
    from adapters.sqlite_log import SqliteLog
    from domain.tree_ranges import range_root_of

    last = backups.head.last
    if last > project.log.moment().position:
        raise Damaged(f"The backups hold {last} events, the store only {project.log.moment().position}.")
    backups.check_files()
    with suppress(_Tried), new_folder(project.places.state / "drill") as part:
        tree = refilled_from(backups, last, str(part / "log.db"), "now")
        with SqliteLog.open(part / "log.db", read_only=True) as log:
            state = state_digest(log.heads_below("")[1])
        found |= {"root": tree.root.hex(), "state_digest": state}
        if range_root_of(project.log)(0, last) != tree.root:
            raise Damaged("The tree of the restored log is another than the store's.")
        if state_digest(_heads_at(project.log, last)) != state:
            raise Damaged("The restored log folds to another state than the store's.")
        raise _Tried


def _heads_at(log: EventLog, position: int) -> Mapping[str, Head]:
    from projections.heads import heads_from

    return heads_from(decoded(log.records(1, position)))


def _remember(path: Path, found: Drill) -> None:
    try:
        file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "ab") as opened_file:
            opened_file.write(orjson.dumps(found) + b"\n")
            opened_file.flush()
            os.fsync(opened_file.fileno())
        sync(path.parent)
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error


def last_drill(path: Path) -> Drill | None:
    """Return what the last drill found; a line that was cut off is nothing."""
    try:
        with path.open("rb") as kept:
            kept.seek(max(0, path.stat().st_size - MOST_KEPT))
            lines = kept.read().splitlines()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error
    for line in reversed(lines):
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(found, dict) and found.keys() == Drill.__annotations__.keys():
            return cast(Drill, found)
    return None


def _show(found: Drill) -> None:
    if found["passed"]:
        print(
            f"{paint('✓', 'green')} the backups bring back positions 1 to {found['position']}, the same state and root"
        )
    else:
        print(f"{paint('✗', 'red')} the drill failed: {one_line(found['why'] or '')}")
    print(f"  {clean(found['folder'])} ({found['copy']}), {found['seconds']:.1f} s")
    if found["unshipped"]:
        print(f"  {found['unshipped']:,} events of the store are in no backup")

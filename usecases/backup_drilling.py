"""Restore the backups for trial, compare with the store, and remember what came of it."""

from collections.abc import Mapping
from contextlib import suppress
from time import monotonic, time_ns
from typing import TYPE_CHECKING, Any

from adapters.drills import Drill, remember
from domain.errors import Damaged
from domain.event_log import EventLog, Head
from domain.times import rfc3339
from usecases.backup_adding import redacted_in
from usecases.backup_restoring import refilled_from
from usecases.project import Project
from usecases.reads import decoded
from usecases.recovered import state_digest
from usecases.signed_head import keys_of

if TYPE_CHECKING:
    from adapters.backup_reading import Backups
    from adapters.backup_storage import Storage


class _Tried(Exception):
    """The scratch store has served its purpose; a folder that is not finished is removed."""


class _OfAnother(Damaged):
    """The backups are those of another log: what they bring back says nothing about this one."""


def drilled(project: Project, storage: "Storage", identities: list[Any], copy: str | None) -> Drill:
    """Try the backups, and remember what came of it; with those of another log, this one was not tried."""
    began = monotonic()
    found: Drill = {
        "at": rfc3339(time_ns() // 1000),
        "origin": project.log.origin,
        "passed": False,
        "why": None,
        "folder": storage.where,
        "copy": copy,
        "position": 0,
        "bytes": 0,
        "root": None,
        "state_digest": None,
        "unshipped": project.log.moment().position,
        "seconds": 0.0,
    }
    was_tried = True
    try:
        _bring_back(project, storage, identities, found)
        found["passed"] = True
    except Damaged as error:
        found["why"] = error.message
        was_tried = not isinstance(error, _OfAnother)
    found["seconds"] = round(monotonic() - began, 3)
    if was_tried:
        remember(project.places.drills, found)
    return found


def _bring_back(project: Project, storage: "Storage", identities: list[Any], found: Drill) -> None:
    """Find the backups that are to be tried, and try them. Raises `Damaged` for what does not hold."""
    from adapters.backup_reading import open_backups
    from adapters.backup_target import origin_in

    keys, size = keys_of(project), found["unshipped"]
    if (whose := origin_in(storage)) != project.log.origin:
        raise _OfAnother(f"{storage.where} holds the backups of another log, {whose}: nothing of this one is in them.")
    backups = open_backups(storage, identities, vkeys=(keys.current, *keys.replaced), copy=found["copy"])
    backups.obey(redacted_in(project.log))
    last = backups.head.last
    found |= {"copy": backups.copy.name, "position": last, "bytes": backups.copy.size}
    found["unshipped"] = max(0, size - last)
    _try(project, backups, found)


def _try(project: Project, backups: "Backups", found: Drill) -> None:
    """Restore beside the store and compare. Raises `Damaged` for any difference."""
    from adapters.new_folders import new_folder
    from adapters.sqlite_log import SqliteLog
    from domain.tree_ranges import range_root_of

    last = backups.head.last
    if last > project.log.moment().position:
        raise Damaged(f"The backups hold {last} events, the store only {project.log.moment().position}.")
    backups.check_files()
    with suppress(_Tried), new_folder(project.places.state / "drill") as part:
        tree = refilled_from(backups, last, str(part / "log.db"), "now", metering=project.metering)
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

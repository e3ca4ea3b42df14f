"""What operators watch: how the log grows, and what would be lost, is uncovered or lags behind."""

from collections.abc import Callable
from contextlib import suppress
from time import time_ns
from typing import NamedTuple

from adapters.backup_addresses import storage_at
from adapters.backup_target import read_target
from adapters.drills import age_us, last_drill
from adapters.file_systems import free_bytes
from adapters.follower_files import documents_of, kept_up, search_of
from adapters.settings_file import settings_of
from adapters.stores import bytes_of
from domain.errors import NotFound, Refusal
from projections.coverage import coverage
from usecases.backup_keys import signed_by
from usecases.follower_rows import row_of, seconds_since
from usecases.project import Project

Figures = dict[str, float]
"""By name; what is not known is not in it."""


class Kept(NamedTuple):
    """What was found, and which parts could not be looked at."""

    figures: Figures
    lag: dict[str, tuple[int, float]]
    """Of each that is kept up: how many events it lacks, and how long the first of them has been there."""
    unknown: tuple[str, ...]


def figures_of(project: Project) -> Kept:
    """Look at everything; a part that cannot be looked at now leaves the others as they are."""
    found: Figures = {}
    lag: dict[str, tuple[int, float]] = {}
    unknown = []
    parts: tuple[tuple[str, Callable[[], None]], ...] = (
        ("store", lambda: found.update(store(project))),
        ("checkpoints", lambda: found.update(checkpoints(project))),
        ("backups", lambda: found.update(backups(project))),
        ("drill", lambda: found.update(drill(project))),
        ("followers", lambda: lag.update(followers(project))),
    )
    for name, look in parts:
        try:
            look()
        except (Refusal, OSError, LookupError, TypeError, ValueError):  # damage is what `orch doctor` tells
            unknown.append(name)
    return Kept(found, lag, tuple(unknown))


def store(project: Project) -> Figures:
    """Return how large the log is, and how much room is left for it."""
    moment, places = project.log.moment(), project.places
    found: Figures = {"log_position": moment.position, "free_bytes": free_bytes(places.state)}
    if moment.recorded_at:
        found["last_event_timestamp_seconds"] = moment.recorded_at / 1e6
    found["log_bytes"] = bytes_of(project.log, places)
    return found


def checkpoints(project: Project) -> Figures:
    """Return how many events no checkpoint of ours covers, and how old the last one is."""
    last = project.checkpoints.last()
    size, kept_at = (last.size, last.kept_at) if last else (0, None)
    covered = coverage(project.log.moment().position, size=size, kept_at=kept_at, now=time_ns() // 1000)
    found: Figures = {"uncovered_events": covered["uncovered"]}
    if covered["age_seconds"] is not None:
        found["checkpoint_age_seconds"] = covered["age_seconds"]
    return found


def backups(project: Project) -> Figures:
    """Return how many events are in no backup, and for how long the first of them has been in none (RPO)."""
    places = project.places
    where = settings_of(["backup.dir"], places.settings, flags=project.given)["backup.dir"].value
    storage = storage_at(str(where), places.root)
    shipped = 0
    with suppress(NotFound):
        target = read_target(storage, signed_by(project.log).keys_for(storage))
        shipped = max((copy.last for copy in target.copies_of(project.log.origin)), default=0)
    size = project.log.moment().position
    waits = seconds_since(project.log, shipped + 1) if shipped < size else 0.0
    return {"unshipped_events": max(0, size - shipped), "rpo_seconds": waits}


def drill(project: Project) -> Figures:
    """Return how long having the backups back took when that was last tried (RTO), and how long ago that was."""
    last = last_drill(project.places.drills, signed_by(project.log).lineage)
    if last is None:
        return {}
    found: Figures = {
        "drill_passed": float(last["passed"]),
        "drill_age_seconds": age_us(last, now_us=time_ns() // 1000) / 1e6,
    }
    return found | {"rto_seconds": last["seconds"]} if last["passed"] else found


def followers(project: Project) -> dict[str, tuple[int, float]]:
    """Return how far what `orch follow` keeps up lags behind; what never began, or has to be made anew, is not in it.

    Where nobody follows, each command writes its own documents and each search brings its index up: what was noted
    before that is old and lacks nothing.
    """
    files = {"documents": documents_of(project.places), "search": search_of(project.places)}
    kept = kept_up(project.places)
    rows = [row_of(name, file, project.log) for name, file in files.items() if name in kept]
    return {
        row["name"]: (row["behind"] or 0, row["seconds_behind"] or 0.0)
        for row in rows
        if row["standing"] in ("up_to_date", "behind")
    }

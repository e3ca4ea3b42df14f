"""How much of the log is in its backups, for how long the rest has been in none, and whether they were tried."""

from datetime import datetime
from time import time_ns
from typing import TypedDict

from adapters.drills import Drill, age_us, last_drill
from domain.errors import NotFound
from domain.times import microseconds
from usecases.backup_answers import CopyRow
from usecases.backup_listing import backups_of, listed
from usecases.project import Project


class BackupFreshness(TypedDict):
    """Figures are None where there is no backup, or no drill yet.

    `rpo_seconds`: how long the first event that is in no backup has been in none, what would be lost with the disk.
    `rto_seconds`: how long the last drill took that passed.
    """

    copies: int
    usable: int
    last: int
    made_at: str | None
    age_seconds: int | None
    unshipped: int
    rpo_seconds: int
    drill: Drill | None
    drill_age_seconds: int | None
    rto_seconds: float | None


def freshness(project: Project) -> BackupFreshness:
    """Return how fresh the backups are; copies that cannot be restored count for nothing."""
    now = time_ns() // 1000
    rows = _rows(project)
    usable = [row for row in rows if row["problem"] is None]
    size = project.log.moment().position
    last = min(size, max((row["last"] for row in usable), default=0))
    made_at = max((row["made_at"] for row in usable if row["made_at"]), default=None)
    drill = last_drill(project.places.drills)
    return {
        "copies": len(rows),
        "usable": len(usable),
        "last": last,
        "made_at": made_at,
        "age_seconds": None if made_at is None else _seconds(microseconds(datetime.fromisoformat(made_at)), now),
        "unshipped": size - last,
        "rpo_seconds": 0 if last == size else _seconds(next(project.log.records(last + 1, last + 1)).recorded_at, now),
        "drill": drill,
        "drill_age_seconds": age_us(drill, now_us=now) // 1_000_000 if drill else None,
        "rto_seconds": drill["seconds"] if drill and drill["passed"] else None,
    }


def _rows(project: Project) -> list[CopyRow]:
    try:
        target, known = backups_of(project)
    except NotFound:
        return []
    return listed(target, known)["rows"]


def _seconds(then: int, now: int) -> int:
    return max(0, now - then) // 1_000_000

"""How much of the log is in its backups, for how long the rest has been in none, and whether they were tried."""

from time import time_ns
from typing import TYPE_CHECKING, TypedDict

from adapters.drills import Drill, age_us, last_drill
from domain.errors import NotFound
from domain.times import rfc3339
from usecases.backup_keys import signed_by
from usecases.backup_listing import backups_of
from usecases.project import Project

if TYPE_CHECKING:
    from adapters.backup_target import Copy


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
    """Return how fresh the backups are; copies that cannot be restored, or are of another log, count for nothing."""
    now = time_ns() // 1000
    copies, usable = _copies(project)
    size = project.log.moment().position
    last = min(size, max((copy.last for copy in usable), default=0))
    made_at = max((copy.manifests[-1].made_at for copy in usable if copy.manifests), default=None)
    drill = last_drill(project.places.drills, signed_by(project.log).lineage)
    return {
        "copies": copies,
        "usable": len(usable),
        "last": last,
        "made_at": None if made_at is None else rfc3339(made_at),
        "age_seconds": None if made_at is None else _seconds(made_at, now),
        "unshipped": size - last,
        "rpo_seconds": 0 if last == size else _seconds(next(project.log.records(last + 1, last + 1)).recorded_at, now),
        "drill": drill,
        "drill_age_seconds": age_us(drill, now_us=now) // 1_000_000 if drill else None,
        "rto_seconds": drill["seconds"] if drill and drill["passed"] else None,
    }


def _copies(project: Project) -> "tuple[int, tuple[Copy, ...]]":
    """Return how many copies there are, and those that count."""
    try:
        target, known = backups_of(project)
    except NotFound:
        return 0, ()
    return len(target.copies), target.copies_of(known.signed.origin)


def _seconds(then: int, now: int) -> int:
    return max(0, now - then) // 1_000_000

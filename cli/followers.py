"""What follows the log of a project, and how far each of it is."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple, TypedDict

from adapters.follower_file import FollowerFile
from adapters.one_at_a_time import is_held
from adapters.places import Places
from cli import documents_following
from cli.documents_following import DocumentsFollower
from domain.errors import Unavailable
from domain.event_log import EventLog
from domain.following import Follower, FollowerBroken, doubt_about
from domain.times import microseconds
from usecases import search_following
from usecases.project import Project
from usecases.search_following import SearchFollower

Standing = Literal["up_to_date", "behind", "never_followed", "doubtful", "busy"]
WHY = {
    "other_log": "it was made from another log",
    "ahead": "it holds more than there is in the log",
    "other_history": "it was made from another history of this log",
    "broken": "it cannot be read",
}
"""Why it is made anew."""


class FollowerRow(TypedDict):
    """How far one follower is. `seconds_behind` is how long the first event that it lacks has been in the log.

    `doubt` says why the next run makes it anew; then, and while it is busy, the figures are unknown.
    """

    name: str
    standing: Standing
    position: int | None
    behind: int | None
    seconds_behind: float | None
    doubt: str | None


class Following(NamedTuple):
    """One follower: its file, and how what is in it is taken up."""

    name: str
    file: FollowerFile
    opened: Callable[[Path], Follower]


def followings(project: Project) -> list[Following]:
    """Return everything that follows the log of a project."""
    return [
        Following(
            "documents", documents_following.file_of(project.places), partial(DocumentsFollower, project=project)
        ),
        Following("search", search_following.file_of(project.places), SearchFollower),
    ]


NAMES = ("documents", "search")


def running_lock(places: Places) -> Path:
    """Return the lock that `orch follow` holds while it runs."""
    return places.state / "cache" / "follow.lock"


def is_running(places: Places) -> bool:
    """Tell whether `orch follow` runs now."""
    return is_held(running_lock(places))


def row_of(following: Following, log: EventLog) -> FollowerRow:
    """Tell how far a follower is, without waiting for it."""
    row = FollowerRow(name=following.name, standing="busy", position=None, behind=None, seconds_behind=None, doubt=None)
    try:
        have = following.file.seen()
    except FollowerBroken:
        return {**row, "standing": "doubtful", "doubt": "broken"}
    except Unavailable:
        return row
    doubt = doubt_about(have, log) if have is not None else None
    if doubt is not None:
        return {**row, "standing": "doubtful", "doubt": doubt.value}
    position = have.position if have is not None else 0
    behind = log.moment().position - position
    standing: Standing = "never_followed" if have is None else "behind" if behind else "up_to_date"
    seconds = seconds_since(log, position + 1) if behind > 0 else 0.0
    return {**row, "standing": standing, "position": position, "behind": behind, "seconds_behind": seconds}


def seconds_since(log: EventLog, position: int) -> float:
    """Return how long an event has been in the log; a clock that went back makes it no less than nothing."""
    recorded_at = log.moment(position).recorded_at or 0
    return round(max(microseconds(datetime.now(UTC)) - recorded_at, 0) / 1e6, 3)

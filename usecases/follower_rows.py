"""How far something is that follows the log."""

from datetime import UTC, datetime
from typing import Literal, TypedDict

from adapters.follower_file import FollowerFile
from domain.errors import Unavailable
from domain.event_log import EventLog
from domain.following import FollowerBroken, doubt_about
from domain.times import microseconds

Standing = Literal["up_to_date", "behind", "never_followed", "doubtful", "busy"]


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


def row_of(name: str, file: FollowerFile, log: EventLog) -> FollowerRow:
    """Tell how far a follower is, without waiting for it."""
    row = FollowerRow(name=name, standing="busy", position=None, behind=None, seconds_behind=None, doubt=None)
    try:
        have = file.seen()
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

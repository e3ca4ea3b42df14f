"""When an answer holds: the place in the log, and the times around it."""

from typing import TypedDict

from domain.event_log import Moment
from domain.times import rfc3339


class AsOf(TypedDict):
    """The moment of an answer. Every time before `next_recorded_at` gives the same answer."""

    position: int
    recorded_at: str | None
    next_recorded_at: str | None


def as_of(moment: Moment) -> AsOf:
    """Return the moment as read models show it."""
    return {
        "position": moment.position,
        "recorded_at": maybe_rfc3339(moment.recorded_at),
        "next_recorded_at": maybe_rfc3339(moment.next_recorded_at),
    }


def maybe_rfc3339(us: int | None) -> str | None:
    """Return the time, or None where there is none."""
    return None if us is None else rfc3339(us)

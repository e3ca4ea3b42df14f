"""How much of the log no checkpoint covers: what somebody who owns the store could still rewrite unseen."""

from typing import TypedDict

from projections.moments import maybe_rfc3339


class Coverage(TypedDict):
    """The last checkpoint this project signed, and how many events came after it."""

    size: int
    kept_at: str | None
    age_seconds: int | None
    uncovered: int


def coverage(position: int, *, size: int, kept_at: int | None, now: int) -> Coverage:
    """Return the coverage of a log that ends at a position; size 0 stands for no checkpoint at all. Times are in µs."""
    return {
        "size": size,
        "kept_at": maybe_rfc3339(kept_at),
        "age_seconds": None if kept_at is None else max(0, (now - kept_at) // 1_000_000),
        "uncovered": max(0, position - size),
    }

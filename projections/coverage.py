"""How much of the log no checkpoint covers: what somebody who owns the store could still rewrite unseen."""

from typing import TypedDict

from projections.moments import maybe_rfc3339


class Coverage(TypedDict):
    """The last checkpoint this project signed, and how many events came after it."""

    size: int
    kept_at: str | None
    uncovered: int


def coverage(position: int, *, size: int, kept_at: int | None) -> Coverage:
    """Return the coverage of a log that ends at a position; size 0 stands for no checkpoint at all."""
    return {"size": size, "kept_at": maybe_rfc3339(kept_at), "uncovered": max(0, position - size)}

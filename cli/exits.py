"""The one table from a refusal to its exit status."""

from collections.abc import Iterable

from domain.errors import Conflict, Damaged, InvalidInput, NotFound, Refusal, Rejected, Unavailable

DONE = 0
BUG = 1
USAGE = 2
DAMAGED = 6
INCOMPLETE = 7
UNAVAILABLE = 8
NOT_READY = 9
"""Of a service that cannot begin before somebody has upgraded its store or installed a package."""
CANCELLED = 130

VERDICT = {"verified": DONE, "damaged": DAMAGED, "incomplete": INCOMPLETE}
"""Of a verification, which answers with data whatever it finds."""

HEALTH = {"fine": DONE, "warnings": DONE, "damaged": DAMAGED, "unavailable": UNAVAILABLE}
"""Of `orch doctor`, which answers with data whatever it finds, too."""

STATUS: tuple[tuple[type[Refusal], int], ...] = (
    (InvalidInput, USAGE),
    (Rejected, 3),
    (NotFound, 4),
    (Conflict, 5),
    (Damaged, DAMAGED),
    (Unavailable, UNAVAILABLE),
)

GRAVITY = (DONE, INCOMPLETE, USAGE, 4, 3, 5, CANCELLED, UNAVAILABLE, NOT_READY, DAMAGED, BUG)
"""From what is well to what has to be looked at first."""


def gravest(statuses: Iterable[int]) -> int:
    """Return the gravest of some exit statuses; 0 where there are none."""
    return max(statuses, key=GRAVITY.index, default=DONE)


def status_of(refusal: Refusal) -> int:
    """Return the exit status of a refusal."""
    return next(status for kind, status in STATUS if isinstance(refusal, kind))

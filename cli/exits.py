"""The one table from a refusal to its exit status."""

from domain.errors import Conflict, Damaged, InvalidInput, NotFound, Refusal, Rejected, Unavailable

DONE = 0
BUG = 1
USAGE = 2
DAMAGED = 6
INCOMPLETE = 7
UNAVAILABLE = 8
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


def status_of(refusal: Refusal) -> int:
    """Return the exit status of a refusal."""
    return next(status for kind, status in STATUS if isinstance(refusal, kind))

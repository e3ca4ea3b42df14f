"""What became of a request, in one word of a closed list: the label of metrics, and a word of the log."""

from enum import StrEnum


class Outcome(StrEnum):
    """Every answer is one of these."""

    ANSWERED = "answered"
    RECORDED = "recorded"
    REPEATED = "repeated"
    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    REFUSED = "refused"
    NOT_ACCEPTED = "not_accepted"
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"
    DAMAGED = "damaged"
    BUG = "bug"
    GONE = "gone"
    """The client left before it was answered, or before the end of what it was told."""


BY_STATUS = {
    0: Outcome.GONE,
    400: Outcome.INVALID,
    401: Outcome.UNAUTHENTICATED,
    403: Outcome.FORBIDDEN,
    404: Outcome.NOT_FOUND,
    409: Outcome.CONFLICT,
    412: Outcome.CONFLICT,
    422: Outcome.REFUSED,
    429: Outcome.LIMITED,
    503: Outcome.UNAVAILABLE,
    504: Outcome.UNAVAILABLE,
}
FAILURES = (Outcome.UNAVAILABLE, Outcome.DAMAGED, Outcome.BUG)
"""The service did not do what it is there for."""


def outcome_of(status: int, *, method: str, code: str, replayed: bool, has_left: bool = False) -> Outcome:
    """Return what an answer says. One that went well and reached nobody, or only in part, is none."""
    if 0 < status < 400:
        if has_left:
            return Outcome.GONE
        if method in ("GET", "HEAD", "OPTIONS"):
            return Outcome.ANSWERED
        return Outcome.REPEATED if replayed else Outcome.RECORDED
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status >= 500:
        return Outcome.BUG if code in ("", "BUG") else Outcome.DAMAGED
    return Outcome.NOT_ACCEPTED

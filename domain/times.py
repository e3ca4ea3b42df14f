"""Times as microseconds since the epoch, UTC, and how they are written."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Return the exact number of microseconds since the epoch; no float is involved."""
    return (at - EPOCH) // MICROSECOND


def moment_of(us: int) -> datetime:
    """Return the aware UTC time of a number of microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=us)


@lru_cache(maxsize=64)  # the events of one command share their time
def rfc3339(us: int) -> str:
    """Return RFC 3339 in UTC with six decimals, the form that `--at` takes back."""
    return moment_of(us).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

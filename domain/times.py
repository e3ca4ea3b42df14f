"""Times as microseconds since the epoch, UTC, and how they are written."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(at: datetime) -> int:
    """Return the exact number of microseconds since the epoch; no float is involved."""
    return (at - EPOCH) // timedelta(microseconds=1)


def moment_of(us: int) -> datetime:
    """Return the aware UTC time of a number of microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=us)


def rfc3339(us: int) -> str:
    """Return RFC 3339 in UTC with six decimals, the form that `--at` takes back."""
    return moment_of(us).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

"""What `orch doctor` says of a cache: whether it answers, and is of any use."""

from adapters.sqlite_log import SqliteLog
from adapters.stores import AnyLog
from domain.errors import Unavailable
from usecases.patient import Found


def looked_at(url: str, log: AnyLog) -> Found:
    """Return whether a cache answers, and is of any use."""
    if isinstance(log, SqliteLog):
        return Found("ok", "A cache is named and not used: the log is a file, which is read faster.")
    from adapters.cached_heads import tried
    from adapters.postgres_state import FOR_THE_CACHE

    if not log.heads_state().secret:
        return Found(
            "warning",
            "The log was made without a secret for its cache, so the cache is not used.",
            ("orch upgrade", " ".join(FOR_THE_CACHE.split())),
        )
    try:
        return Found("ok", f"The cache at {tried(url)} answers.")
    except Unavailable as error:
        return Found("warning", f"{error.message} Commands read the log instead.", ("orch config show cache_url",))

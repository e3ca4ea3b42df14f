"""Reads of the whole project that a cache may answer: what is shown, never what is decided or proved."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from adapters.sqlite_log import SqliteLog
from adapters.stores import AnyLog
from cli.health import Found
from cli.project import Project
from cli.screen import one_line, paint
from domain.errors import Unavailable
from domain.event_log import EventLog, Head, Moment

if TYPE_CHECKING:
    from adapters.cached_heads import CachedHeads

_said: set[str] = set()
"""What this process has warned about."""


def all_heads(project: Project) -> tuple[Moment, Mapping[str, Head]]:
    """Return the heads of all streams, whether the cache has them or not; its troubles are told once."""
    cache = _cache_of(project.log, project.places.cache)
    if cache is None:
        return project.log.all_heads()
    found = cache.read()
    if cache.trouble is not None and cache.trouble not in _said:
        _said.add(cache.trouble)
        mark = paint("!", "yellow", stream=sys.stderr)
        print(f"{mark} {one_line(cache.trouble)} The log was read instead.", file=sys.stderr)
    return found


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


def _cache_of(log: EventLog, url: str | None) -> "CachedHeads | None":
    if url is None or isinstance(log, SqliteLog):
        return None
    from adapters.postgres_log import PostgresLog

    if not isinstance(log, PostgresLog):
        return None
    from adapters.cached_heads import CachedHeads

    return CachedHeads(log, url)

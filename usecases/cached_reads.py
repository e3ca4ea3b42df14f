"""Reads of the whole project that a cache may answer: what is shown, never what is decided or proved."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from adapters.sqlite_log import SqliteLog
from domain.event_log import EventLog, Head, Moment
from usecases.project import Project

if TYPE_CHECKING:
    from adapters.cached_heads import CachedHeads


def all_heads(project: Project) -> tuple[Moment, Mapping[str, Head]]:
    """Return the heads of all streams, whether the cache has them or not; its troubles are told once."""
    cache = _cache_of(project.log, project.places.cache)
    if cache is None:
        return project.log.all_heads()
    found = cache.read()
    if cache.trouble is not None:
        project.warn(cache.trouble)
    return found


def _cache_of(log: EventLog, url: str | None) -> "CachedHeads | None":
    if url is None or isinstance(log, SqliteLog):
        return None
    from adapters.postgres_log import PostgresLog

    if not isinstance(log, PostgresLog):
        return None
    from adapters.cached_heads import CachedHeads

    return CachedHeads(log, url)

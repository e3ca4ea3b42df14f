"""A real cache, a log with some heads, and a read through the one held against the other."""

from collections.abc import Iterator

import pytest

from adapters.cached_heads import CachedHeads
from adapters.log_rows import Heads
from adapters.postgres_log import PostgresLog
from tests.adapters.log_entries import accepted, decision
from tests.redis_server import Redis, redis_server


@pytest.fixture(scope="module")
def running() -> Iterator[Redis]:
    with redis_server() as server:
        yield server


@pytest.fixture
def redis(running: Redis) -> Redis:
    running.ask("FLUSHALL")
    return running


@pytest.fixture
def log(log_database: str) -> Iterator[PostgresLog]:
    with PostgresLog.open(log_database) as log:
        for number in range(5):
            accepted(log, decision(f"phase:{number}"))
        yield log


def same(cache: CachedHeads, log: PostgresLog) -> bool:
    """Hold a read through the cache against one without it, to the byte; tell whether the cache had it."""
    (moment, found), (wanted_moment, wanted) = cache.read(), log.all_heads()
    assert isinstance(found, Heads) and isinstance(wanted, Heads)
    assert moment == wanted_moment and [*found.rows()] == [*wanted.rows()] and [*found] == [*wanted]
    return cache.was_hit

"""Heads from a cache are those of the log, whatever becomes of the log, and whatever lies in the cache."""

from threading import Thread
from time import sleep

import psycopg

from adapters.cached_heads import CachedHeads, key_of, packed
from adapters.postgres_log import PostgresLog
from domain.event_log import Head
from tests.adapters.cached_log import log, redis, running, same
from tests.adapters.log_entries import accepted, decision
from tests.postgres_server import Server
from tests.redis_server import Redis

__all__ = ["log", "redis", "running"]  # fixtures


def test_the_second_read_of_a_state_comes_from_the_cache(redis: Redis, log: PostgresLog, log_database: str) -> None:
    cache = CachedHeads(log, redis.url)
    assert [same(cache, log) for _ in range(3)] == [False, True, True]
    with PostgresLog.open(log_database, read_only=True) as elsewhere:
        assert same(CachedHeads(elsewhere, redis.url), elsewhere)
    accepted(log, decision("phase:1", after=1))
    assert [same(cache, log) for _ in range(2)] == [False, True]
    assert cache.trouble is None and len(redis.kept()) == 2


def test_an_empty_log_and_one_without_a_secret_are_read_without_it(redis: Redis, log_database: str) -> None:
    with PostgresLog.open(log_database) as log, psycopg.connect(log_database, autocommit=True) as owner:
        cache = CachedHeads(log, redis.url)
        assert not same(cache, log) and not redis.kept()
        owner.execute("DELETE FROM orch.store WHERE key = 'cache_secret'")
        accepted(log, decision("phase:a"))
        assert [same(cache, log) for _ in range(2)] == [False, False] and not redis.kept()


def test_heads_that_were_folded_anew_are_another_state(redis: Redis, log: PostgresLog) -> None:
    cache = CachedHeads(log, redis.url)
    before = log.heads_state()
    assert not same(cache, log)
    moment, heads = log.all_heads()
    mended = {name: Head(name, head.version, head.position, {"folded": "anew"}) for name, head in heads.items()}
    assert log.replace_heads(moment.position, mended)
    after = log.heads_state()
    assert (after.moment, after.root) == (before.moment, before.root) and after.written != before.written
    assert [same(cache, log) for _ in range(2)] == [False, True]
    assert cache.read()[1]["phase:1"].facts == {"folded": "anew"}


def test_a_log_of_the_same_name_and_size_is_another_one(
    redis: Redis, log: PostgresLog, server: Server, log_database: str
) -> None:
    log.close()
    name = str(psycopg.conninfo.conninfo_to_dict(log_database)["dbname"])
    url = server.make(f"{name}_restored", like=name)
    try:
        with PostgresLog.open(log_database) as lost, PostgresLog.open(url) as restored:
            accepted(lost, decision("phase:5", command_id="the last"))
            accepted(restored, decision("phase:5", command_id="another last"))
            ours, theirs = lost.heads_state(), restored.heads_state()
            assert ours.root != theirs.root and lost.origin == restored.origin
            same_but_for_that = ours._replace(root=theirs.root, moment=theirs.moment)
            assert same_but_for_that == theirs and ours.moment.position == theirs.moment.position
            for each in (lost, restored):
                assert [same(CachedHeads(each, redis.url), each) for _ in range(2)] == [False, True]
    finally:
        server.drop(f"{name}_restored")


def test_a_value_that_was_changed_is_not_believed_and_is_replaced(redis: Redis, log: PostgresLog) -> None:
    cache = CachedHeads(log, redis.url)
    same(cache, log)
    (key,) = redis.kept()
    value = redis.ask("GET", key)
    assert value is not None
    state = log.heads_state()
    row = ("phase:0", 1, 1, b'{"phase":"lies"}')
    lies = [
        b"",
        b"\0",
        b"words",
        value[:-1],
        value + b"\0",
        value[1:],
        bytes([value[0] ^ 1]) + value[1:],
        value[:40] + bytes([value[40] ^ 1]) + value[41:],
        packed(key, [row], "a guess"),
        packed(b"of another state", [row], state.secret),
    ]
    for lie in lies:
        redis.ask("SET", key, lie)
        assert not same(cache, log), lie
        assert (cache.trouble is None) == (lie == b"")
        assert same(cache, log), "what was wrong is replaced"
    for other in (("LPUSH", key, b"a"), ("SADD", key, b"a"), ("HSET", key, b"a", b"b")):
        redis.ask("DEL", key)
        redis.ask(*other)
        assert not same(cache, log)
        assert cache.trouble is not None and "WRONGTYPE" in cache.trouble


def test_every_byte_of_a_value_counts(redis: Redis, log: PostgresLog) -> None:
    cache = CachedHeads(log, redis.url)
    same(cache, log)
    (key,) = redis.kept()
    value = redis.ask("GET", key) or b""
    for place in range(len(value)):
        redis.ask("SET", key, value[:place] + bytes([value[place] ^ 0x10]) + value[place + 1 :])
        assert not same(cache, log)


def test_a_value_of_the_state_before_is_not_taken_for_this_one(redis: Redis, log: PostgresLog) -> None:
    cache = CachedHeads(log, redis.url)
    same(cache, log)
    (key,) = redis.kept()
    value = redis.ask("GET", key) or b""
    accepted(log, decision("phase:1", after=1))
    redis.ask("SET", key_of(log.origin, log.heads_state()), value)
    assert not same(cache, log) and cache.trouble is not None


def test_what_is_read_while_others_write_is_of_one_moment(redis: Redis, log: PostgresLog, log_database: str) -> None:
    ended = False

    def write() -> None:
        with PostgresLog.open(log_database) as own:
            version = 1
            while not ended:
                accepted(own, decision("phase:0", after=version))
                version += 1
                sleep(0.005)  # some states are read twice

    writer = Thread(target=write)
    writer.start()
    hits = 0
    caches = [CachedHeads(log, redis.url) for _ in range(2)]
    for turn in range(400):
        moment, heads = caches[turn % 2].read()
        newest = heads["phase:0"] if moment.position > 5 else heads["phase:4"]
        assert newest.position == moment.position
        hits += caches[turn % 2].was_hit
    ended = True
    writer.join()
    assert [same(caches[0], log), same(caches[1], log)][1] and hits > 0 and len(redis.kept()) > 10

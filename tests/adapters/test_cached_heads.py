"""Heads from a cache are those of the log, whatever becomes of the cache, and of the log."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import psycopg
import pytest

from adapters.cached_heads import CachedHeads, key_of, packed
from adapters.log_rows import Heads
from adapters.postgres_log import PostgresLog
from adapters.postgres_state import SECRET
from adapters.redis_line import WAIT_S
from domain.errors import Unavailable
from domain.event_log import Head
from tests.adapters.log_entries import accepted, decision
from tests.certificates import signed_by_itself
from tests.postgres_server import Server
from tests.postgres_standby import free_port
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
        owner.execute("DELETE FROM orch.store WHERE key = %s", (SECRET,))
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
    redis: Redis, log: PostgresLog, server: Server, log_database: str, empty_log: str
) -> None:
    cache = CachedHeads(log, redis.url)
    accepted(log, decision("phase:5", command_id="the last"))
    assert not same(cache, log)
    name = f"{psycopg.conninfo.conninfo_to_dict(log_database)['dbname']}_restored"
    url = server.make(name, like=empty_log)
    try:
        with PostgresLog.open(url) as restored:
            for number in range(5):
                accepted(restored, decision(f"phase:{number}"))
            accepted(restored, decision("phase:5", command_id="another last"))
            assert restored.origin == log.origin and restored.moment().position == log.moment().position
            assert restored.heads_state().secret == log.heads_state().secret
            assert [same(CachedHeads(restored, redis.url), restored) for _ in range(2)] == [False, True]
        assert same(cache, log)
    finally:
        server.drop(name)


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


def test_a_cache_that_is_killed_emptied_and_begun_again_changes_no_answer(log: PostgresLog) -> None:
    with redis_server() as redis:
        cache = CachedHeads(log, redis.url)
        assert [same(cache, log) for _ in range(2)] == [False, True]
        redis.kill()
        assert not same(cache, log) and "does not answer" in str(cache.trouble)
        redis.begin()
        assert [same(cache, log) for _ in range(2)] == [False, True]
        redis.ask("FLUSHALL")
        assert [same(cache, log) for _ in range(2)] == [False, True]


def test_a_cache_that_is_killed_while_it_is_read_changes_no_answer(log: PostgresLog) -> None:
    with redis_server() as redis:
        cache = CachedHeads(log, redis.url)
        troubled = []
        ended = False

        def read() -> None:
            while not ended:
                same(cache, log)
                troubled.append(cache.trouble is not None)

        reader = Thread(target=read)
        reader.start()
        for _ in range(5):
            sleep(0.1)
            redis.kill()
            sleep(0.05)
            redis.begin()
        sleep(0.1)
        ended = True
        reader.join()
        assert True in troubled and False in troubled


def fill(redis: Redis, ballast: bytes) -> None:
    """Put the same in until it is refused."""
    try:
        for number in range(10_000):
            redis.ask("SET", f"{len(ballast)}-{number}", ballast)
    except Unavailable as error:
        assert "OOM" in error.message
    else:
        raise AssertionError("it never was full")


def test_a_full_cache_refuses_and_nothing_else_happens(log: PostgresLog) -> None:
    with redis_server("--maxmemory", "1mb", "--maxmemory-policy", "noeviction") as redis:
        for size in (100_000, 10_000, 1_000, 100, 10):
            fill(redis, b"x" * size)
        cache = CachedHeads(log, redis.url)
        assert [same(cache, log) for _ in range(2)] == [False, False]
        assert cache.trouble is not None and "OOM" in cache.trouble


@contextmanager
def somebody_else(answer: bytes, *, pause_s: float = 0.0) -> Iterator[str]:
    """Run what says the same to whoever connects, a byte at a time where there is a pause."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            with client:
                try:
                    client.recv(1 << 16)
                    for byte in [answer] if not pause_s else [answer[i : i + 1] for i in range(len(answer))]:
                        client.sendall(byte)
                        sleep(pause_s)
                except OSError:
                    continue

    Thread(target=serve, daemon=True).start()
    try:
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"$99999999999\r\n",
        b"$-2\r\n",
        b"$5\r\nab",
        b"*1\r\n$1\r\na\r\n",
        b"\0" * 10_000,
        b"-LOADING Redis is loading the dataset in memory\r\n",
    ],
)
def test_what_is_no_redis_server_is_no_cache(log: PostgresLog, answer: bytes) -> None:
    with somebody_else(answer) as url:
        cache = CachedHeads(log, url)
        assert not same(cache, log) and cache.trouble


@pytest.mark.parametrize("answer", [b"$1000\r\n" + b"x" * 1002, b"+" * 1000])
def test_a_slow_cache_is_not_waited_for(log: PostgresLog, answer: bytes) -> None:
    with somebody_else(answer, pause_s=0.05) as url:
        cache = CachedHeads(log, url)
        began = monotonic()
        assert not same(cache, log)
        assert monotonic() - began < 4 * WAIT_S
        assert "timed out" in str(cache.trouble) or "too long" in str(cache.trouble)


def test_a_password_is_said_and_a_wrong_one_is_told(log: PostgresLog, tmp_path: Path) -> None:
    with redis_server("--requirepass", "s3cret") as redis:
        path = redis.url.removeprefix("unix://")
        for url, works in ((f"unix://:s3cret@{path}?db=3", True), (f"unix://:wrong@{path}", False), (redis.url, False)):
            cache = CachedHeads(log, url)
            assert [same(cache, log) for _ in range(2)] == [False, works]
            assert (cache.trouble is None) == works and "s3cret" not in str(cache.trouble)


def test_an_encrypted_cache_is_trusted_by_its_certificate(log: PostgresLog, tmp_path: Path) -> None:
    own, other = signed_by_itself(tmp_path, "server"), signed_by_itself(tmp_path, "other")
    port = free_port()
    words = ("--tls-cert-file", str(own), "--tls-key-file", str(own.with_suffix(".key")), "--tls-auth-clients", "no")
    with redis_server("--tls-port", str(port), *words):
        for authority, works in ((own, True), (other, False), (tmp_path / "none.crt", False)):
            cache = CachedHeads(log, f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={authority}")
            assert [same(cache, log) for _ in range(2)] == [False, works]
            assert (cache.trouble is None) == works
        assert not same(CachedHeads(log, f"redis://127.0.0.1:{port}"), log), "not in the clear"

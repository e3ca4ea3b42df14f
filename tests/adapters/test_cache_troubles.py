"""A cache that is away, slow, full, locked or none at all changes no answer."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest

from adapters.cached_heads import CachedHeads
from adapters.postgres_log import PostgresLog
from adapters.redis_line import WAIT_S
from domain.errors import Unavailable
from tests.adapters.cached_log import log, redis, running, same
from tests.certificates import signed_by_itself
from tests.ports import free_port
from tests.postgres_standby import until
from tests.redis_server import Redis, redis_server

__all__ = ["log", "redis", "running"]  # fixtures


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
        troubled: list[bool] = []
        ended = False

        def read() -> None:
            while not ended:
                same(cache, log)
                troubled.append(cache.trouble is not None)

        reader = Thread(target=read)
        reader.start()
        for _ in range(5):
            until(lambda: troubled[-1:] == [False])
            redis.kill()
            until(lambda: troubled[-1:] == [True])
            redis.begin()
        until(lambda: troubled[-1:] == [False])
        ended = True
        reader.join()


def fill(redis: Redis, ballast: bytes) -> None:
    """Put the same in until it is refused."""
    try:
        for number in range(10_000):
            redis.ask("SET", f"{len(ballast)}-{number}", ballast)
    except Unavailable as error:
        assert "maxmemory" in error.message
    else:
        raise AssertionError("it never was full")


def test_a_full_cache_refuses_and_nothing_else_happens(log: PostgresLog) -> None:
    with redis_server("--maxmemory", "1mb", "--maxmemory-policy", "noeviction") as redis:
        for size in (100_000, 10_000, 1_000, 100, 10):
            fill(redis, b"x" * size)
        cache = CachedHeads(log, redis.url)
        assert [same(cache, log) for _ in range(2)] == [False, False]
        assert cache.trouble is not None and "maxmemory" in cache.trouble


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
def test_a_cache_that_says_nothing_more_is_not_waited_for(log: PostgresLog, answer: bytes) -> None:
    pause_s = 30 * WAIT_S
    with somebody_else(answer, pause_s=pause_s) as url:
        cache = CachedHeads(log, url)
        began = monotonic()
        assert not same(cache, log)
        assert monotonic() - began < pause_s
        assert "imeout" in str(cache.trouble)


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

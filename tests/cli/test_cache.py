"""A cache is for what is shown: with it and without it the same words, and its troubles on stderr only."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cli import cached_reads
from tests.cli.conftest import Orch
from tests.redis_server import Redis, redis_server

pytestmark = pytest.mark.at_the_log("the cache is asked where the log is opened")

CACHE = "ORCHESTRATOR_CACHE_URL"
SHOWN = (("list",), ("status",), ("dashboard",), ("next",), ("progress",), ("task", "list"), ("context",))
DECIDED = (
    ("audit", "verify"),
    ("audit", "trail"),
    ("audit", "checkpoint"),
    ("gate", "st01-x", "spec"),
    ("status", "st01-x"),
    ("export",),
    ("recover", "plan", "--to", "position:4"),
    ("backup", "create"),
    ("approve", "st02-y", "spec"),
    ("research", "st01-x", "--foundation", "known"),
    ("rebuild", "--check"),
)


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    with redis_server() as server:
        monkeypatch.setattr(cached_reads, "_said", set())
        yield server


@pytest.fixture
def there(orch: Orch, database: str, monkeypatch: pytest.MonkeyPatch) -> Orch:
    """Return `orch` in a project whose log is in a database, with two phases."""
    monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", database)
    assert orch("init", "--host", "example.org").status == 0
    for words in (
        ("spec", "st01-x", "--objectives", "x"),
        ("approve", "st01-x", "spec"),
        ("spec", "st02-y", "--objectives", "y"),
    ):
        assert orch(*words).status == 0
    return orch


def without_times(said: str) -> object:
    """Return an answer without what differs from one moment to the next."""
    data = json.loads(said)["data"]
    return {key: value for key, value in data.items() if key not in ("as_of",)} | {"as_of": data["as_of"]["position"]}


def test_what_is_shown_is_the_same_with_a_cache(there: Orch, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in SHOWN:
        monkeypatch.delenv(CACHE, raising=False)
        wanted = there(*words, "--json")
        monkeypatch.setenv(CACHE, redis.url)
        redis.ask("FLUSHALL")
        for expected in (0, 1):
            assert len(redis.kept()) == expected
            found = there(*words, "--json")
            assert (found.status, found.err) == (0, wanted.err), found
            if words != ("progress",):  # it tells seconds that go on
                assert without_times(found.out) == without_times(wanted.out)
        assert b"keyspace_hits:0" not in (redis.ask("INFO", "stats") or b"")


def test_what_decides_or_proves_never_asks_the_cache(
    there: Orch, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE, redis.url)
    redis.ask("CONFIG", "RESETSTAT")
    for words in DECIDED:
        assert there(*words).status in (0, 7), words
    stats = (redis.ask("INFO", "stats") or b"").decode()
    assert "total_connections_received:1\r" in stats, "the one that asked this"


def test_a_cache_that_is_away_is_told_once_and_costs_no_answer(
    there: Orch, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = there("list").out
    monkeypatch.setenv(CACHE, redis.url)
    assert there("list").out == wanted
    redis.kill()
    said = there("list")
    assert (said.status, said.out) == (0, wanted)
    assert "does not answer" in said.err and "The log was read instead." in said.err and len(said.err.splitlines()) == 1
    assert there("list", "--json").err == ""
    row = next(row for row in there("doctor", "--json").data["rows"] if "cache" in row["message"])
    assert row["level"] == "warning" and "does not answer" in row["message"]
    redis.begin()
    rows = there("doctor", "--json").data["rows"]
    assert any(row["message"].endswith(f"{redis.url.removeprefix('unix://')} answers.") for row in rows)


def test_a_log_that_was_made_before_there_was_a_cache_is_told_how_to_get_one(
    there: Orch, database: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE, redis.url)
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("DELETE FROM orch.store WHERE key = 'cache_secret'")
        assert there("list").status == 0 and not redis.kept()
        row = next(row for row in there("doctor", "--json").data["rows"] if "cache" in row["message"])
        owner.execute(row["fix"][1].encode())
    assert there("list").status == 0 and len(redis.kept()) == 1


def test_a_log_in_a_file_needs_none(drafted: Orch, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORCHESTRATOR_DATABASE_URL", raising=False)
    if not Path(".orch/log.db").exists():
        pytest.skip("this run keeps every log in a database")
    monkeypatch.setenv(CACHE, redis.url)
    assert drafted("list").err == "" and not redis.kept()
    assert any("not used: the log is a file" in row["message"] for row in drafted("doctor", "--json").data["rows"])


def test_its_password_is_shown_nowhere(there: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("redis://ada:s3cret@127.0.0.1:1/0", "rediss://:s3cret@127.0.0.1:1", "unix://:a@s3cret@/nowhere"):
        monkeypatch.setenv(CACHE, address)
        monkeypatch.setattr(cached_reads, "_said", set())
        for words in (("config", "show"), ("config", "set", "cache_url", address), ("list",), ("doctor",)):
            for form in ((), ("--json",)):
                said = there(*words, *form)
                assert "s3cret" not in said.out + said.err, (words, said)
    monkeypatch.delenv(CACHE)
    (warned,) = there("config", "check", "--json").data["rows"]
    assert "a password is in the file" in warned["what"]


@pytest.mark.parametrize(
    "address",
    [
        "http://:s3cret@localhost",
        "redis://",
        "unix://",
        "redis://:s3cret@h:port",
        "redis://h/x",
        "redis://h/0?x=s3cret",
    ],
)
def test_what_is_no_address_of_a_cache_is_refused(project: Orch, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv(CACHE, address)
    refused = project("list", "--json")
    assert refused.status == 2 and "has to be an address with redis://" in refused.error["message"]
    assert "s3cret" not in refused.out

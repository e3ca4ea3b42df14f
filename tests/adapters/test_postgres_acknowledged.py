"""Nothing is answered before its commit is: a server whose commits wait for a standby that never comes."""

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from adapters.postgres_log import PostgresLog
from adapters.postgres_schema import make_log
from domain.event_log import Receipt
from tests.adapters.log_entries import decision
from tests.adapters.sqlite_stores import whole
from tests.postgres_server import Server, running


@pytest.fixture
def waiting_server() -> Iterator[Server]:
    """Give a server with a log in it, on which every commit waits; the path of a socket has to be short."""
    folder = Path(tempfile.mkdtemp(prefix="orch-commits-"))
    folder.chmod(0o755)
    with running(folder / "a") as server:
        make_log(server.make("log"), "example.org/acknowledged", timeout_s=10)
        _set(server, "SET synchronous_standby_names = 'nobody'")
    with running(folder / "a") as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


def _set(server: Server, what: str) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM {what}".encode())
        connection.execute("SELECT pg_reload_conf()")


def test_nothing_is_answered_before_its_commit_is(waiting_server: Server) -> None:
    url = waiting_server.database("log")
    with (
        PostgresLog.open(url) as log,
        PostgresLog.open(url, read_only=True) as reader,
        ThreadPoolExecutor(9) as pool,
        psycopg.connect(url, autocommit=True) as server,
    ):
        asked = [pool.submit(log.append, [decision(f"phase:{number}")]) for number in range(9)]
        query = "SELECT count(*)::int FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        while server.execute(query).fetchone() != (1,):
            assert not any(one.done() for one in asked)
        assert reader.moment().position == 0, "and nobody sees what is not durable"
        assert not any(one.done() for one in asked)
        _set(waiting_server, "RESET synchronous_standby_names")
        assert all(isinstance(one.result(30)[0], Receipt) for one in asked)
        assert len(whole(log)) == 9

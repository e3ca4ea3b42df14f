"""Nothing is answered before its commit is: a server whose commits wait for a standby that never comes."""

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from adapters.postgres_log import PostgresLog
from adapters.postgres_schema import make_log
from domain.errors import Unavailable
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


AT_ITS_STANDBY = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@pytest.mark.parametrize("messages", ["notice", "error"])
def test_a_commit_that_its_standbys_never_confirmed_is_answered_to_nobody(
    waiting_server: Server, messages: str
) -> None:
    """Neither to the session whose wait was ended, nor to those for whom it wrote, nor to whoever asks again."""
    url = make_conninfo(waiting_server.database("log"), options=f"-c client_min_messages={messages}")
    made = [decision(f"phase:{number}", command_id=f"c{number}") for number in range(3)]
    with ExitStack() as stack:
        logs = [stack.enter_context(PostgresLog.open(url)) for _ in range(4)]
        pool = stack.enter_context(ThreadPoolExecutor(4))
        server = stack.enter_context(psycopg.connect(url, autocommit=True))
        holder = stack.enter_context(psycopg.connect(url))
        stack.callback(_set, waiting_server, "RESET synchronous_standby_names")  # whatever fails, nobody waits for ever
        holder.execute("SELECT orch.take_turn(1000)")
        asked = {pool.submit(log.append, [each]): each for log, each in zip(logs, made, strict=False)}
        _until(server, "SELECT count(*) = 3 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        assert server.execute("SELECT count(*)::int FROM orch.waiting").fetchone() == (2,)
        holder.rollback()
        _until(server, f"SELECT count(*) = 1 {AT_ITS_STANDBY}")
        server.execute(f"SELECT pg_cancel_backend(pid) {AT_ITS_STANDBY}")
        (ended,) = wait(asked, 30, FIRST_COMPLETED).done
        with pytest.raises(Unavailable, match=r"standbys have not confirmed it.*Repeating the command is safe"):
            ended.result()
        of_ended = asked.pop(ended)
        _until(server, f"SELECT count(*) = 2 {AT_ITS_STANDBY}")
        again = pool.submit(logs[3].append, [of_ended])
        _until(server, f"SELECT count(*) = 3 {AT_ITS_STANDBY}")
        assert not again.done() and not any(one.done() for one in asked)
        _set(waiting_server, "RESET synchronous_standby_names")
        assert all(isinstance(one.result(30)[0], Receipt) for one in [*asked, again])
        assert len(whole(logs[0])) == 3


def _until(server: "psycopg.Connection[Any]", query: str) -> None:
    end = monotonic() + 30
    while server.execute(query.encode()).fetchone() != (True,):
        assert monotonic() < end, query
        sleep(0.01)

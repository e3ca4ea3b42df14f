"""The primary is killed while commands are written, and its standby takes over: nothing that was answered is lost."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from time import sleep
from typing import NamedTuple

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from adapters.postgres_log import PostgresLog
from adapters.postgres_schema import admit, make_log
from domain.event_log import Receipt, TreeHead
from tests.adapters.log_entries import decision, root_as_rfc6962
from tests.adapters.sqlite_stores import whole
from tests.postgres_server import Server, running
from tests.postgres_standby import pair, standby_of, until

THREADS = 4
PATIENCE_S = 60.0


class Servers(NamedTuple):
    """Both servers, and one address for whichever of them takes writes."""

    primary: Server
    standby: Server
    several: str


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that a server may use, whoever runs the tests; the path of a socket has to be short."""
    made = Path(tempfile.mkdtemp(prefix="orch-failover-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def until_synchronous(primary: Server) -> None:
    """Wait until the standby acknowledges what the primary answers."""
    with psycopg.connect(primary.url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        connection.execute("SELECT pg_reload_conf()")
        query = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'"
        until(lambda: connection.execute(query).fetchone() == (1,))


@pytest.fixture(params=["sockets", "ports and passwords"])
def servers(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    """Run both, with a log in the primary, and give the address that a client has of it."""
    if request.param == "sockets":
        with running(folder / "a", fsync=True) as primary:
            make_log(primary.make("log"), "example.org/failover", timeout_s=10)
            standby_of(primary.url, folder / "b")
            with running(folder / "b", fsync=True) as standby:
                hosts = ",".join(str(conninfo_to_dict(server.url)["host"]) for server in (primary, standby))
                yield Servers(primary, standby, make_conninfo(primary.url, dbname="log", host=hosts, port="5432,5432"))
        return
    with pair(folder, "writer") as both:
        make_log(both.primary.make("log"), "example.org/failover", timeout_s=10)
        admit(both.primary.database("log"), "writer", may="write", timeout_s=10)
        monkeypatch.setenv("PGPASSFILE", str(both.passwords))
        several = both.address("log", user="writer", more="?target_session_attrs=read-write")
        yield Servers(both.primary, both.standby, several)


def test_a_standby_that_takes_over_has_everything_that_was_answered(servers: Servers, folder: Path) -> None:
    answered: list[tuple[str, Receipt]] = []
    heads: list[TreeHead] = []
    stop = Event()
    primary, standby, several = servers

    def write(url: str, thread: int) -> None:
        with PostgresLog.open(url, timeout_s=PATIENCE_S) as log:
            number = 0
            while not stop.is_set():
                asked = decision(f"phase:{thread}", after=number, command_id=f"{thread}-{number}", text="words")
                (answer,) = log.append([asked])
                assert isinstance(answer, Receipt), answer  # one whose answer was lost is known by its id
                answered.append((asked.command_id, answer))
                number += 1

    until_synchronous(primary)
    writers = [Thread(target=write, args=(several, number)) for number in range(THREADS)]
    for writer in writers:
        writer.start()
    with PostgresLog.open(several) as log:
        for wanted in range(20, 120, 20):
            until(lambda: len(answered) >= wanted)  # noqa: B023  # it is called before the loop goes on
            heads.append(log.tree())
    before = len(answered)
    os.kill(int((folder / "a" / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    sleep(0.5)
    with psycopg.connect(standby.url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
        connection.execute("SELECT pg_reload_conf()")
        assert connection.execute("SELECT pg_promote()").fetchone() == (True,)
    until(lambda: len(answered) >= before + 50 * THREADS)
    stop.set()
    for writer in writers:
        writer.join()
    with PostgresLog.open(several) as log:
        commands = whole(log)
        records = {record.position: record for record in log.records()}
    assert before > 0 and len(set(commands)) == len(commands) == len(answered)
    for command, receipt in answered:
        record = records[receipt.first]
        assert (record.command_id, record.recorded_at) == (command, receipt.recorded_at)
    leaves = [record.leaf for record in records.values()]
    for head in heads:
        assert head.size > 0 and root_as_rfc6962(leaves[: head.size]) == head.root

"""A store that was replaced under a running service: nothing goes into the old one, and the service begins anew."""

import os
import signal
from pathlib import Path
from shutil import copyfile
from time import sleep
from typing import TYPE_CHECKING

import orjson
import psycopg
import pytest

from adapters.postgres_log import PostgresLog
from adapters.sqlite_connection import connect
from api import standing
from api.server import server_of
from api.telemetry import Telemetry
from domain.errors import StoreReplaced, Unavailable
from tests.api.served import HERE, PATIENCE, issued, opened, served
from tests.api.test_process import running, token_for

if TYPE_CHECKING:
    from subprocess import Popen

SPEC = {"objectives": ["Round trip below 10 ms"]}


def put_another_in_its_place(log: Path) -> None:
    """Give the name of a log to a copy of it, as whoever restores one does."""
    copy = log.with_name("restored.db")
    copyfile(log, copy)
    wal = log.with_name("log.db-wal")
    if wal.exists():
        copyfile(wal, log.with_name("restored.db-wal"))
    connection = connect(copy, read_only=False, timeout_s=10)
    connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    connection.close()
    for end in ("-wal", "-shm"):
        log.with_name(f"log.db{end}").unlink(missing_ok=True)
    os.replace(copy, log)


def ended(process: "Popen[bytes]") -> bytes:
    """Return what a service said that ended by itself."""
    assert process.wait(PATIENCE) == 8
    assert process.stderr is not None
    return process.stderr.read()


def test_until_it_ends_whoever_asks_is_refused_with_the_reason(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "PAUSE_S", 3600.0)  # it would end before all is asked
    with opened(folder) as project, served(project) as anybody:
        client = anybody.shows(issued(project))
        assert client.post("/phases/st01-x/spec", SPEC).status == 200
        put_another_in_its_place(folder / ".orch/log.db")
        refused = client.post("/phases/st02-y/spec", SPEC)
        assert (refused.status, refused.code) == (503, "STORE_REPLACED") and refused.headers["retry-after"]
        ready = client.get("/health/ready")
        assert (ready.status, ready.json["error"]) == (503, "stateManager: the log cannot be read (STORE_REPLACED).")


def test_it_ends_with_a_reason_so_that_it_is_begun_anew(folder: Path) -> None:
    token = token_for(folder)
    with running(folder) as (process, client):
        assert client.shows(token).post("/phases/st01-x/spec", SPEC).status == 200
        put_another_in_its_place(folder / ".orch/log.db")
        said = ended(process)
    assert b"was replaced while it was open" in said and b"Traceback" not in said
    lines = [orjson.loads(line) for line in (folder / ".orch/logs/error.log").read_bytes().splitlines()]
    assert [line["event"] for line in lines if line["event"] != "request"] == ["store.replaced"]
    with running(folder) as (process, client):
        holder = client.shows(token)
        assert [row["phase"] for row in holder.get("/phases").data["rows"]] == ["st01-x"]
        assert holder.post("/phases/st02-y/spec", SPEC).status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_a_store_that_is_away_for_a_while_is_waited_for(folder: Path) -> None:
    token = token_for(folder)
    log, away = folder / ".orch/log.db", folder / "away.db"
    with running(folder) as (process, client):
        holder = client.shows(token)
        log.rename(away)
        assert holder.post("/phases/st01-x/spec", SPEC).status == 503
        assert client.get("/health/ready").status == 503
        sleep(1.2)  # it has looked
        assert process.poll() is None
        away.rename(log)
        assert holder.post("/phases/st01-x/spec", SPEC).status == 200


def test_a_database_whose_log_is_another_one_is_noticed(log_database: str) -> None:
    with PostgresLog.open(log_database) as log:
        log.refuse_replaced()
        with psycopg.connect(log_database, autocommit=True) as connection:
            connection.execute("ALTER TABLE orch.store DISABLE TRIGGER ALL")
            connection.execute("UPDATE orch.store SET value = 'example.org/other' WHERE key = 'origin'")
        with pytest.raises(StoreReplaced):
            log.refuse_replaced()


def test_what_goes_wrong_before_it_serves_lets_go_of_its_log_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise Unavailable("It cannot be put together.")

    with opened(folder) as project:
        with monkeypatch.context() as patched:
            patched.setattr("api.server.application", broken)
            with pytest.raises(Unavailable):
                server_of(project, HERE, told=lambda: None)
        server = server_of(project, HERE, told=lambda: None)
        telemetry: Telemetry = server.config.app._app._admission.app.state.telemetry  # type: ignore[union-attr]  # the application it was made with
        assert telemetry.log.alone, "nobody else holds the folder of the logs"
        server.closing.close()

"""A log that is moved away from under a service: not while it serves; where it is all the same, everybody is told."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, CompletedProcess, Popen, run
from sys import executable

import orjson
import pytest

from adapters.log_notes import MOVED, Move
from adapters.moving import held
from adapters.postgres_log import PostgresLog
from adapters.sqlite_log import SqliteLog
from adapters.stores import opened_at
from cli import migrate_open, migrating
from cli.migrate_answers import MigrateAnswer
from domain.errors import StoreMoved, StoreReplaced, Unavailable
from tests.api.served import PATIENCE, environment, opened, served
from tests.api.test_process import running, token_for, words

SPEC = {"objectives": ["Round trip below 10 ms"]}
HOLDS = """
import sys, apsw
open("/proc/self/comm", "w").write(sys.argv[2])
c = apsw.Connection(sys.argv[1])
c.execute("SELECT 1 FROM store").get
print(1)
input()
"""


def typed(folder: Path, *line: str) -> "CompletedProcess[bytes]":
    return run(words(*line, "--json"), cwd=folder, env=environment(), capture_output=True, timeout=60)


def migrated(folder: Path, to: str) -> MigrateAnswer:
    """Move a log although somebody may have it open: a service that begins just now is not seen before."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.setattr(migrating, "refuse_open", lambda *_, **__: None)
        with opened(folder) as project:
            places = project.places
        return migrating.Migration(places, to, to).carry_out()


@contextmanager
def held_open(log: Path, named: str) -> "Iterator[Popen[bytes]]":
    """Keep a log open in another process, as a program does that looks into it."""
    process = Popen([executable, "-c", HOLDS, log, named], env=environment(), stdin=PIPE, stdout=PIPE)
    try:
        assert process.stdout is not None and process.stdout.readline() == b"1\n"
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def test_nothing_is_moved_while_a_service_serves_it(
    folder: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_for(folder)
    with running(folder) as (process, client):
        refused = typed(folder, "migrate", "--to", database)
        error = orjson.loads(refused.stdout)["error"]
        assert refused.returncode == 8, refused
        assert f"Process {process.pid} (orch serve) has {folder}/.orch/log.db open" in error["message"]
        assert "Stop the service first; nothing was moved." in error["message"]
        stop, again = error["fix"]
        assert stop == f"systemctl stop orchestrator.service  # started by hand: kill {process.pid}"
        assert again.startswith("orch migrate --to ")
        assert client.shows(token).post("/phases/st01-x/spec", SPEC).status == 200
        assert client.get("/health/ready").status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    done = typed(folder, "migrate", "--to", database)
    assert done.returncode == 0, done
    with opened_at(database, read_only=True) as log:
        assert log.heads(["phase:st01-x"])[1]


def test_a_program_that_is_no_service_is_waited_for(folder: Path, database: str) -> None:
    with held_open(folder / ".orch/log.db", "serve") as process:
        refused = typed(folder, "migrate", "--to", database)
        error = orjson.loads(refused.stdout)["error"]
    assert refused.returncode == 8, refused
    assert error["message"].startswith(f"Process {process.pid} (serve) has {folder}/.orch/log.db open. Wait for it, or")
    assert not [line for line in error["fix"] if line.startswith(("systemctl", "kill"))], error


def test_a_log_in_a_database_that_was_moved_says_where_to(folder: Path, database: str, tmp_path: Path) -> None:
    migrated(folder, database)
    with PostgresLog.open(database) as log:
        log.refuse_ended()
        with held(database, timeout_s=10) as hold:
            hold.end({MOVED: Move("1", str(tmp_path), "unset ORCHESTRATOR_DATABASE_URL").text()})
        with pytest.raises(StoreMoved) as moved:
            log.refuse_ended()
        with pytest.raises(StoreReplaced):
            log.refuse_replaced()
    assert moved.value.fix == ("unset ORCHESTRATOR_DATABASE_URL",) and str(tmp_path) in moved.value.message


def test_a_service_whose_log_was_moved_says_so_and_ends_to_be_begun_anew(folder: Path, database: str) -> None:
    with running(folder) as (process, _):
        moved = migrated(folder, database)
        assert process.wait(PATIENCE) == 8
        assert process.stderr is not None
        said = process.stderr.read()
    assert moved["kept"] and b"The log was moved from" in said and b"Traceback" not in said


def test_its_health_names_the_reason_and_no_place(folder: Path) -> None:
    log = folder / ".orch/log.db"
    with opened(folder) as project, served(project) as client:
        with held(str(log), timeout_s=10) as hold:
            hold.end({MOVED: Move("1", "the database there on db.example.org", "export X=y").text()})
        ready = client.get("/health/ready")
    assert ready.status == 503
    assert ready.json["error"] == "stateManager: the log was moved, and goes on in another place (STORE_MOVED)."


def test_where_the_file_is_kept_open_the_move_says_how_far_it_came(
    folder: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate_open, "PATIENCE_S", 0.5)
    with held_open(folder / ".orch/log.db", "a backup\n\x1b[2J") as process, pytest.raises(Unavailable) as refused:
        migrated(folder, database)
    assert "The log has moved to the database" in refused.value.message
    assert f"process {process.pid} (a backup ⏎ \\u001b[2J) has that file open" in refused.value.message
    assert "Wait for it, or stop it, then type this command again" in refused.value.message
    look, again = refused.value.fix
    assert look.startswith(f"ps -fp {process.pid} ") and again.startswith("orch migrate --to ")
    with SqliteLog.open(folder / ".orch/log.db", read_only=True) as log:
        assert MOVED in log.noted
    doctor = typed(folder, "doctor")
    assert doctor.returncode == 8 and orjson.loads(doctor.stdout)["data"]["verdict"] == "unavailable", doctor
    assert typed(folder, "migrate", "--to", database).returncode == 0
    assert typed(folder, "remember", "it goes on").returncode == 0

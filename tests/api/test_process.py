"""`orch serve` as a process: it begins, ends well, and loses nothing that it answered when it is killed."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from subprocess import PIPE, Popen, run
from sys import executable
from time import sleep

import apsw
import orjson
import pytest

from adapters.sqlite_schema import SCHEMA_VERSION
from cli import exits
from tests.api.served import PATIENCE, Client, environment, issued, opened

PHASES = 12


def words(*more: str) -> list[str]:
    return [executable, "-m", "cli.main", *more]


@contextmanager
def running(folder: Path, *more: str) -> Iterator[tuple["Popen[bytes]", Client]]:
    """Start the service, and kill it at the end unless it has ended by then."""
    command = words("serve", "--port", "0", "--json", *more)
    process = Popen(command, cwd=folder, env=environment(), stdout=PIPE, stderr=PIPE)
    try:
        assert process.stdout is not None
        told = orjson.loads(process.stdout.readline())["data"]
        assert told["pid"] == process.pid
        yield process, Client(int(told["url"].rpartition(":")[2]))
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def token_for(folder: Path) -> str:
    with opened(folder) as project:
        return issued(project)


def test_it_ends_well_when_it_is_asked_to_and_begins_again(folder: Path) -> None:
    token = token_for(folder)
    for number in (1, 2):
        with running(folder) as (process, client):
            drafted = client.shows(token).post(f"/phases/st0{number}-x/spec", {"objectives": ["a"]})
            assert drafted.status == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
    with running(folder) as (_, client):
        assert [row["phase"] for row in client.shows(token).get("/phases").data["rows"]] == ["st01-x", "st02-x"]


def test_the_command_line_and_the_service_work_on_one_log(folder: Path) -> None:
    token = token_for(folder)
    with running(folder) as (_, client):
        assert client.shows(token).post("/phases/st01-x/spec", {"objectives": ["a"]}).status == 200
        done = run(words("spec", "st01-x", "--objectives", "b"), cwd=folder, env=environment(), capture_output=True)
        assert done.returncode == 0
        assert client.shows(token).get("/phases/st01-x").data["steps"]["spec"]["iteration"] == 2
        listed = run(words("token", "list", "--json"), cwd=folder, env=environment(), capture_output=True)
        assert orjson.loads(listed.stdout)["data"]["rows"][0]["last_used_at"]


def test_a_port_that_is_taken_is_said(folder: Path) -> None:
    with running(folder) as (_, client):
        second = run(words("serve", "--port", str(client.port)), cwd=folder, env=environment(), capture_output=True)
    assert second.returncode == 8 and b"cannot be listened on" in second.stderr and b"Traceback" not in second.stderr


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM])
def test_no_command_that_was_answered_is_lost_and_repeating_records_once(folder: Path, kill: signal.Signals) -> None:
    token, answered = token_for(folder), {}

    def work(client: Client, number: int) -> None:
        for count in range(10_000):
            key = f"key-{number}-{count}"
            try:
                reply = client.post(f"/phases/st{number:02}-x/spec", {"objectives": [f"{count}"]}, Idempotency_Key=key)
            except (OSError, HTTPException):  # it is gone
                return
            if reply.status == 200:
                answered[key] = (number, count, reply.data)

    with running(folder) as (process, client), ThreadPoolExecutor(PHASES) as pool:
        working = [pool.submit(work, client.shows(token), number) for number in range(PHASES)]
        for _ in range(200):
            if len(answered) > 3 * PHASES:
                break
            sleep(0.05)
        process.send_signal(kill)
        assert process.wait(PATIENCE) == (0 if kill is signal.SIGTERM else -kill)
        for each in working:
            each.result(PATIENCE)
    assert len(answered) > PHASES
    with running(folder) as (_, client):
        holder = client.shows(token)
        before = holder.get("/phases").data["as_of"]["position"]
        for key, (number, count, data) in answered.items():
            again = holder.post(f"/phases/st{number:02}-x/spec", {"objectives": [f"{count}"]}, Idempotency_Key=key)
            assert again.data == data and again.headers["idempotent-replayed"] == "true"
        assert holder.get("/phases").data["as_of"]["position"] == before


def test_a_project_is_not_served_where_the_packages_are_missing(folder: Path) -> None:
    blocked = "import sys; sys.modules['uvicorn'] = None; from cli.main import run; sys.argv[1:] = ['serve']; run()"
    done = run([executable, "-c", blocked], cwd=folder, env=environment(), capture_output=True)
    assert done.returncode == exits.NOT_READY, done.stderr
    assert b'pip install "nss-orchestrator[server]"' in done.stderr


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_store_that_wants_an_upgrade_ends_it_with_a_status_that_no_restart_cures(
    folder: Path, more: tuple[str, ...]
) -> None:
    older = apsw.Connection(str(folder / ".orch/log.db"))
    older.pragma("user_version", SCHEMA_VERSION - 1)
    older.close()
    done = run(words("serve", "--port", "0", *more), cwd=folder, env=environment(), capture_output=True)
    assert done.returncode == exits.NOT_READY, done.stderr
    said = done.stdout if more else done.stderr
    assert b"UPGRADE_NEEDED" in said and b"orch upgrade" in said and b"Traceback" not in done.stderr
    if more:
        assert orjson.loads(said)["error"]["code"] == "UPGRADE_NEEDED"

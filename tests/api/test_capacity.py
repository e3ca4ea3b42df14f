"""So many operations at a time, so many in line: beyond that 503 before anything is done, and nothing by halves."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from subprocess import run
from time import sleep
from typing import Any

import pytest

from adapters.process_memory import ProcessMemory
from adapters.shared_commits import SharedCommits
from adapters.workspace import Workspace
from api.capacity import Capacity, Gone
from api.problems import HttpRefusal
from tests.api.served import ROOT, WIDE, Client, Reply, issued, opened, served, until
from tests.api.test_process import running, token_for
from usecases.project import Project

SPEC = {"objectives": ["Round trip below 10 ms"]}
ROOMY = ProcessMemory(1 << 50)


async def never() -> None:
    await asyncio.Event().wait()


def position(project: Project) -> int:
    return project.log.moment().position


def busy(client: Client) -> tuple[float, float]:
    """Return how many operations run, and how many wait in line."""
    lines = client.get("/metrics").body.decode().splitlines()
    told = dict(line.rsplit(" ", 1) for line in lines if line.startswith("orch_capacity_"))
    return float(told["orch_capacity_running"]), float(told["orch_capacity_waiting"])


@pytest.fixture
def project(folder: Path) -> Iterator[Project]:
    with opened(folder) as found:
        yield found


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as found:
        yield found


def write(client: Client, key: str) -> Reply:
    return client.post("/phases/st01-x/spec", {"objectives": [key]}, Idempotency_Key=key)


def test_beyond_the_line_it_is_refused_at_once_and_the_others_are_carried_out(
    project: Project, pool: ThreadPoolExecutor
) -> None:
    token = issued(project)
    with served(project, bounds=WIDE._replace(most=2, room=3)) as anybody, ExitStack() as held:
        assert isinstance(project.log, SharedCommits) and project.log.room == 3, "and so does the log's own line"
        client = anybody.shows(token)
        held.enter_context(Workspace(project.places).locked("st01-x"))
        before = position(project)
        asked = [pool.submit(write, client, f"k{number}") for number in range(5)]
        until(lambda: busy(client) == (2, 3))
        refused = [write(client, f"late-{number}") for number in range(3)]
        assert {(reply.status, reply.code, reply.headers["retry-after"]) for reply in refused} == {
            (503, "QUEUE_FULL", "1")
        }
        assert position(project) == before and not any(each.done() for each in asked)
        held.close()
        assert [each.result(20).status for each in asked] == [200] * 5
        assert all(project.log.receipt(f"k{number}") for number in range(5))
        assert not any(project.log.receipt(f"late-{number}") for number in range(3))
        assert write(client, "late-0").status == 200, "it works again at once"


def test_whoever_was_told_that_it_came_too_late_finds_nothing_done(project: Project, pool: ThreadPoolExecutor) -> None:
    token = issued(project)
    with served(project, bounds=WIDE._replace(most=1, room=3, seconds=0.6)) as anybody, ExitStack() as held:
        client = anybody.shows(token)
        held.enter_context(Workspace(project.places).locked("st01-x"))
        runs = pool.submit(write, client, "runs")
        until(lambda: busy(client) == (1, 0))
        waits = pool.submit(write, client, "waits")
        assert (runs.result(20).code, waits.result(20).code) == ("OPERATION_TIMEOUT", "OPERATION_TIMEOUT")
        assert "Idempotency-Key: runs is safe" in runs.result().json["detail"]
        assert "Nothing was recorded" in waits.result().json["detail"]
        assert runs.result().headers["retry-after"] == waits.result().headers["retry-after"] == "1"
        before = position(project)
        held.close()
        until(lambda: client.get("/phases").status == 200)
        assert position(project) == before
        for key in ("runs", "waits"):  # on a busy machine it may come too late once more
            until(lambda key=key: write(client, key).status == 200)  # type: ignore[misc]  # it is called at once
        until(lambda: "idempotent-replayed" in write(client, "runs").headers)


def test_a_write_without_a_key_is_told_one_when_it_is_late(project: Project, pool: ThreadPoolExecutor) -> None:
    token = issued(project)
    with served(project, bounds=WIDE._replace(seconds=0.3)) as anybody:
        client = anybody.shows(token)
        with Workspace(project.places).locked("st01-x"):
            late = client.post("/phases/st01-x/spec", SPEC)
        assert late.code == "OPERATION_TIMEOUT"
        key = late.json["detail"].partition("Idempotency-Key: ")[2].partition(" ")[0]
        until(lambda: client.post("/phases/st01-x/spec", SPEC, Idempotency_Key=key).status == 200)
        assert project.log.receipt(key)


def test_whoever_leaves_the_line_is_not_carried_out(project: Project, pool: ThreadPoolExecutor) -> None:
    import socket

    token = issued(project)
    with served(project, bounds=WIDE._replace(most=1, room=3)) as anybody, ExitStack() as held:
        client = anybody.shows(token)
        held.enter_context(Workspace(project.places).locked("st01-x"))
        runs = pool.submit(write, client, "runs")
        until(lambda: busy(client) == (1, 0))
        with socket.create_connection(("127.0.0.1", client.port)) as impatient:
            body = b'{"objectives": ["a"]}'
            impatient.sendall(
                b"POST /api/v1/phases/st01-x/spec HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Idempotency-Key: gone\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s"
                % (token.encode(), len(body), body)
            )
            until(lambda: busy(client) == (1, 1))
        until(lambda: busy(client) == (1, 0))
        held.close()
        assert runs.result(20).status == 200 and write(client, "after").status == 200
        assert project.log.receipt("gone") is None


def test_those_who_follow_take_no_place(project: Project) -> None:
    from http.client import HTTPConnection

    token = issued(project)
    with served(project, bounds=WIDE._replace(most=1, room=1)) as anybody, ExitStack() as opened_ones:
        client = anybody.shows(token)
        for _ in range(5):
            following = HTTPConnection("127.0.0.1", client.port, timeout=10)
            opened_ones.callback(following.close)
            following.request("GET", "/api/v1/events?after=0", headers={"Authorization": f"Bearer {token}"})
            assert following.getresponse().readline()
        assert write(client, "k").status == 200 and client.get("/phases").status == 200


async def turns() -> None:
    """Let everybody else go on for as long as nothing has to come from outside."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_reads_leave_room_for_writes_and_the_line_is_served_in_its_order() -> None:
    async def story() -> list[str]:
        capacity, came = Capacity(4, 10, ROOMY), []
        for _ in range(3):
            await capacity.enter(reads=True, seconds=1, gone=never)

        async def comes(name: str, *, reads: bool) -> None:
            await capacity.enter(reads=reads, seconds=5, gone=never)
            came.append(name)

        tasks = [asyncio.create_task(comes("read", reads=True))]
        await asyncio.sleep(0)
        tasks += [asyncio.create_task(comes(f"write {n}", reads=False)) for n in (1, 2)]
        await turns()
        assert came == ["write 1"] and (capacity.running, capacity.waiting) == (4, 2)
        capacity.leave(reads=False)
        await turns()
        assert came == ["write 1", "write 2"], "the read that came before waits for reads to end"
        capacity.leave(reads=True)
        await asyncio.gather(*tasks)
        assert (capacity.running, capacity.waiting) == (4, 0)
        return came

    assert asyncio.run(story()) == ["write 1", "write 2", "read"]


def test_a_place_is_never_lost_whatever_becomes_of_those_who_wait() -> None:
    async def story() -> None:
        capacity = Capacity(1, 50, ROOMY)
        await capacity.enter(reads=False, seconds=1, gone=never)

        async def leaves() -> None:
            await asyncio.sleep(0.01)

        async def works(seconds: float, gone: Any) -> str:
            try:
                await capacity.enter(reads=False, seconds=seconds, gone=gone)
            except Gone:
                return "gone"
            except HttpRefusal as refusal:
                return refusal.code
            await asyncio.sleep(0)
            capacity.leave(reads=False)
            return "worked"

        waiting = [asyncio.create_task(works(0.02 if n % 3 else 5, leaves if n % 5 == 1 else never)) for n in range(30)]
        await asyncio.sleep(0.005)
        waiting[3].cancel()
        await asyncio.sleep(0.05)
        capacity.leave(reads=False)
        said = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(said[3], asyncio.CancelledError)
        assert {"gone", "OPERATION_TIMEOUT", "worked"} == {each for each in said if isinstance(each, str)}
        assert (capacity.running, capacity.waiting) == (0, 0)
        assert capacity.refused["OPERATION_TIMEOUT"] == said.count("OPERATION_TIMEOUT")

    asyncio.run(story())


def test_nothing_new_is_taken_while_memory_is_short_but_health_is_told(project: Project) -> None:
    token = issued(project)
    with served(project, bounds=WIDE._replace(memory=1)) as anybody:
        client = anybody.shows(token)
        for reply in (write(client, "k"), client.get("/phases")):
            assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "MEMORY_LIMIT", "1")
        assert client.get("/health/live").status == 200
        ready = client.get("/health/ready")
        assert (ready.status, ready.json["status"]) == (503, "unhealthy")
        assert client.get("/health/orchestrator").status == 200, "every part works"
    assert project.log.receipt("k") is None


def test_memory_is_what_the_process_takes_and_work_is_taken_again_when_it_takes_less() -> None:
    story = """
from time import sleep
from adapters.process_memory import ProcessMemory, resident_bytes
MB = 1024 * 1024
before = resident_bytes()
taken = bytearray(64 * MB)
assert resident_bytes() - before > 56 * MB
memory = ProcessMemory(before + 32 * MB)
assert memory.is_full
del taken
sleep(0.1)
assert not memory.is_full
"""
    run([sys.executable, "-c", story], cwd=ROOT, check=True)  # in a process of its own: others take memory in this one


def test_it_ends_after_everything_that_waits_in_line_was_carried_out(
    folder: Path, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_for(folder)
    monkeypatch.setattr("tests.api.test_process.environment", few_at_once)
    with running(folder) as (process, anybody), opened(folder) as project:
        client = anybody.shows(token)
        with Workspace(project.places).locked("st01-x"):
            asked = [pool.submit(write, client, f"k{number}") for number in range(12)]
            until(lambda: busy(client) == (2, 10))
            process.send_signal(signal.SIGTERM)
            sleep(0.3)
            assert process.poll() is None
        assert [each.result(20).status for each in asked] == [200] * 12
        assert process.wait(20) == 0
        assert all(project.log.receipt(f"k{number}") for number in range(12))


def few_at_once() -> dict[str, str]:
    from tests.api.served import environment

    return environment() | {"ORCHESTRATOR_MAX_CONCURRENT": "2"}

"""What systemd hears of `orch serve`: ready, alive, ending; and nothing of a service that hangs."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from os import getpid
from pathlib import Path
from subprocess import PIPE, Popen
from sys import executable
from time import monotonic, sleep

import orjson
import psycopg
import pytest

from adapters.service_manager import ServiceManager
from tests.api.served import PATIENCE, Client, environment, new_project, setting

HALF = 0.25
"""Seconds between two signs of life of the services here."""


class Manager:
    """The socket of a manager, and what was heard on it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)

    def hears(self, seconds: float = PATIENCE) -> dict[str, str]:
        """Return the next message, or nothing where none comes in time."""
        self._socket.settimeout(seconds)
        try:
            text = self._socket.recv(4096).decode()
        except TimeoutError:
            return {}
        return dict(line.split("=", 1) for line in text.splitlines())

    def hears_until(self, word: str) -> dict[str, str]:
        """Return the next message that says a word."""
        until = monotonic() + PATIENCE
        while monotonic() < until:
            if word in (heard := self.hears()):
                return heard
        raise AssertionError(f"nothing was heard of {word}")

    def forgets(self) -> None:
        """Let what was said before go by."""
        while self.hears(0.01):
            pass

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    found = Manager(str(tmp_path / "notify") if request.param == "path" else f"@orch-test-{getpid()}-{id(request)}")
    yield found
    found.close()


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[Manager]:
    found = Manager(str(tmp_path / "notify"))
    yield found
    found.close()


@contextmanager
def watched(folder: Path, manager: Manager, **more: str) -> Iterator["tuple[Popen[bytes], Client]"]:
    """Serve a project as systemd starts a service of Type=notify."""
    told = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": str(int(HALF * 2_000_000))}
    process = Popen(
        [executable, "-m", "cli.main", "serve", "--port", "0", "--json"],
        cwd=folder,
        env=environment() | told | more,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        assert process.stdout is not None
        url = orjson.loads(process.stdout.readline())["data"]["url"]
        yield process, Client(int(url.rpartition(":")[2]))
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def test_it_is_ready_when_it_answers_lives_and_says_that_it_ends(folder: Path, manager: Manager) -> None:
    with watched(folder, manager) as (process, client):
        ready = manager.hears()
        assert ready["READY"] == "1" and f"127.0.0.1:{client.port}" in ready["STATUS"]
        assert client.get("/health/live").status == 200
        for _ in range(3):
            sign = manager.hears()
            assert sign["WATCHDOG"] == "1" and "the log is at position" in sign["STATUS"]
        process.send_signal(signal.SIGTERM)
        assert manager.hears_until("STOPPING")["STOPPING"] == "1"
        assert process.wait(PATIENCE) == 0


def test_a_process_that_hangs_gives_no_sign_and_one_that_goes_on_does(folder: Path, heard: Manager) -> None:
    with watched(folder, heard) as (process, _):
        heard.hears_until("WATCHDOG")
        process.send_signal(signal.SIGSTOP)
        sleep(0.2)
        heard.forgets()
        assert heard.hears(HALF * 6) == {}
        process.send_signal(signal.SIGCONT)
        heard.hears_until("WATCHDOG")


def test_a_log_that_hangs_keeps_the_signs_back(tmp_path: Path, database: str, heard: Manager) -> None:
    project = tmp_path / "project"
    project.mkdir()
    new_project(project, database)
    with watched(project, heard, **setting(database)) as (_, client):
        heard.hears_until("WATCHDOG")
        with psycopg.connect(database) as other:
            other.execute("LOCK TABLE orch.events IN ACCESS EXCLUSIVE MODE")
            sleep(HALF * 4)
            heard.forgets()
            assert heard.hears(HALF * 6) == {}, "the loop goes on, but the log does not answer"
            assert client.get("/health/live").status == 200
        assert heard.hears_until("WATCHDOG")["WATCHDOG"] == "1"


def test_a_service_that_nobody_watches_says_only_that_it_is_ready(folder: Path, heard: Manager) -> None:
    with watched(folder, heard, WATCHDOG_PID="1"):
        assert heard.hears()["READY"] == "1"
        assert heard.hears(HALF * 6) == {}, "the watchdog is for another process"


def test_a_manager_that_is_gone_stops_nobody(folder: Path, heard: Manager) -> None:
    heard.close()
    Path(heard.address).unlink()
    with watched(folder, heard) as (_, client):
        sleep(HALF * 3)
        assert client.get("/health/live").status == 200


@pytest.mark.parametrize(
    ("env", "seconds"),
    [
        ({}, "nobody"),
        ({"NOTIFY_SOCKET": ""}, "nobody"),
        ({"NOTIFY_SOCKET": "vsock:2:1234"}, "nobody"),
        ({"NOTIFY_SOCKET": "/x"}, None),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "0"}, None),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "soon"}, None),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}, 60.0),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, None),
    ],
)
def test_only_a_manager_that_is_there_is_told(env: dict[str, str], seconds: float | str | None) -> None:
    found = ServiceManager.around(env, pid=7)
    assert (found.watchdog_s if found else "nobody") == seconds


def test_a_status_cannot_say_anything_else(heard: Manager) -> None:
    ServiceManager(heard.address).tell(STATUS="no\nWATCHDOG=1\n  \x1b")
    assert list(heard.hears()) == ["STATUS"]

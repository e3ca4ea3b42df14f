"""The service under load from another process: fifty writers, ten times too many, and a hundred thousand commands."""

import os
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests.postgres_server import Server
from tests.reliability.ledger import LONG, check
from tests.reliability.service_client import Came, Load, asked
from tests.reliability.service_process import Home, Running, new_home, serving

DRAFTS = int(os.environ.get("SERVICE_DRAFTS", "20000" if LONG else "150"))
OVERLOAD_S = 20 if LONG else 2
TIMEOUT_MS = 5000 if LONG else 60_000
"""Beside other tests the machine may be so busy that nothing at all ends within five seconds."""
MANY = int(os.environ.get("SERVICE_COMMANDS", "100000" if LONG else "800"))
WARM = MANY // 10
GROWTH = 1.04


@pytest.fixture(params=["sqlite", "postgres"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    if request.param == "sqlite":
        yield new_home(tmp_path)
        return
    server: Server = request.getfixturevalue("server")
    name = f"orch_service_{os.getpid()}"
    server.make(name)
    yield new_home(tmp_path, server.setting(name))
    server.drop(name)


def told(request: pytest.FixtureRequest, came: Came, more: str = "") -> None:
    """Print figures: `pytest -s` shows them."""
    print(
        f"\n{request.node.name}: {came.statuses} in {came.seconds:.1f} s, {came.total / came.seconds:.0f}/s,"
        f" p50 {came.p50_ms:.0f} ms, p99 {came.p99_ms:.0f} ms, longest {came.longest_ms:.0f} ms {more}"
    )


def recorded(home: Home, came: Came) -> int:
    """Return how many drafts are in the log; every one that was answered is among them, and the log is whole."""
    with home.log() as log:
        commands = check(log)
    assert set(came.answered) <= commands
    return len([each for each in commands if each.startswith("load-")])


def test_fifty_writers_are_answered_and_nothing_is_lost(home: Home, request: pytest.FixtureRequest) -> None:
    with serving(home) as service:
        came = asked(Load(service.client.port, home.token, drafts=DRAFTS, reads=1))
    told(request, came)
    assert came.statuses.get("200", 0) >= 0.9999 * came.total and came.total >= 2 * DRAFTS
    assert recorded(home, came) == len(came.answered)


def test_ten_times_too_many_are_told_so_and_it_recovers_within_a_second(
    home: Home, request: pytest.FixtureRequest
) -> None:
    with serving(home, max_concurrent=8, operation_queue_size=16, operation_timeout_ms=TIMEOUT_MS) as service:
        came = asked(Load(service.client.port, home.token, connections=240, seconds=OVERLOAD_S))
        ended = monotonic()
        assert works(service), "recovered"
        recovered = monotonic() - ended
    told(request, came, f"recovered in {1000 * recovered:.0f} ms")
    assert set(came.statuses) <= {"200", "503 QUEUE_FULL", "503 OPERATION_TIMEOUT", "503 BUSY"}, came.statuses
    assert came.statuses["200"] > 0 and came.statuses["503 QUEUE_FULL"] > 0
    assert not LONG or recovered < 1  # beside other tests it says nothing
    assert recorded(home, came) == len(came.answered), "what was refused was not recorded"


def works(service: Running) -> bool:
    return service.client.post("/phases/after/spec", {"objectives": ["a"]}).status == 200


def test_memory_stays_where_it_was_however_many_commands_come(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    home = new_home(tmp_path)
    with serving(home) as service:
        asked(Load(service.client.port, home.token, drafts=WARM, prefix="warm"))
        before = service.resident
        came = asked(Load(service.client.port, home.token, drafts=MANY))
        after = service.resident
    told(request, came, f"resident {before / 2**20:.1f} MiB, then {after / 2**20:.1f} MiB")
    assert came.statuses == {"200": MANY}
    assert after < before * (GROWTH if LONG else 1.15), (before, after)
    assert recorded(home, came) == MANY

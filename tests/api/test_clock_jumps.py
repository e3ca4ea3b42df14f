"""A clock that is set while the service runs: tokens go by it, and quotas do not."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from time import sleep

import orjson
import pytest

from domain.access_token import Scope
from tests.api.served import PATIENCE, Client, environment, issued, opened
from tests.api.test_process import words

FAKETIME = shutil.which("faketime")
LIBRARY = next(Path("/usr/lib").rglob("faketime/libfaketime.so.1"), None) if FAKETIME else None
pytestmark = pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not installed")


@contextmanager
def clocked(folder: Path, clock: Path, **settings: str) -> Iterator[Client]:
    """Serve with a clock that a file sets."""
    faked = {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    command = words("serve", "--port", "0", "--json")
    process = Popen(command, cwd=folder, env=environment() | settings | faked, stdout=PIPE, stderr=PIPE)
    try:
        assert process.stdout is not None
        yield Client(int(orjson.loads(process.stdout.readline())["data"]["url"].rpartition(":")[2]))
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def test_a_token_ends_by_the_clock_and_a_quota_is_not_renewed_by_it(folder: Path) -> None:
    clock = folder / "clock"
    clock.write_text("+0")
    with opened(folder) as project:
        token, other = issued(project, Scope.READ, seconds=7200), issued(project, Scope.READ, seconds=7200)
    with clocked(folder, clock, ORCHESTRATOR_RATE_PER_TOKEN="3") as anybody:
        client = anybody.shows(token)
        assert [client.get("/phases").status for _ in range(4)] == [200, 200, 200, 429]
        for jump in ("+3600", "-3600", "-90d"):
            clock.write_text(jump)
            sleep(0.05)
            refused = client.get("/phases")
            assert refused.status == 429 and 0 < int(refused.headers["retry-after"]) <= 60, jump
        clock.write_text("+7190")
        assert anybody.shows(other).get("/phases").status == 200
        clock.write_text("+7210")
        assert "expired" in anybody.shows(other).get("/phases").json["detail"]
        clock.write_text("+0")
        assert anybody.shows(other).get("/phases").status == 200


def test_what_is_recorded_while_the_clock_goes_back_stays_in_order(folder: Path) -> None:
    clock = folder / "clock"
    clock.write_text("+0")
    with opened(folder) as project:
        token = issued(project)
    with clocked(folder, clock) as anybody:
        client = anybody.shows(token)
        assert client.post("/phases/st01-x/spec", {"objectives": ["a"]}).status == 200
        for number, jump in enumerate(("-3600", "-7200", "+10")):
            clock.write_text(jump)
            assert client.post("/phases/st01-x/retitle", {"title": f"{number}"}).status in (200, 503)
        times = [row["recorded_at"] for row in client.get("/audit/trail").data["rows"]]
        assert times == sorted(times)
        assert client.post("/audit/verify", {}).data["problems"] == []

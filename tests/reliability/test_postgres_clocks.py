"""Clocks that disagree: machines hours apart, and a server whose clock steps back; recorded time is one and grows."""

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep, time_ns

import pytest

from adapters.envelope import envelope_of
from adapters.postgres_log import PostgresLog
from adapters.postgres_schema import make_log
from domain.event_log import Receipt, Record
from tests.adapters.log_entries import HOUR, decision
from tests.adapters.sqlite_stores import whole
from tests.postgres_server import running

pytestmark = pytest.mark.skipif(not shutil.which("faketime"), reason="faketime is not here (Debian: faketime)")
ORCH = [sys.executable, "-m", "cli.main"]
DAY = 24 * HOUR
SECOND = 1_000_000


def words_of(phase: str, turn: int) -> list[str]:
    return ["spec", phase, "--objectives", f"Objective {turn}"]


def test_machines_whose_clocks_are_hours_apart_record_one_time_that_grows(database: str, tmp_path: Path) -> None:
    began = time_ns() // 1000
    told = {
        "ORCHESTRATOR_DATABASE_URL": database,
        "ORCHESTRATOR_ACTOR_KIND": "human",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }

    def orch(machine: str, offset: str, *words: str) -> None:
        folder = tmp_path / machine
        folder.mkdir(exist_ok=True)
        command = ["faketime", "-f", offset, *ORCH, *words]
        environment = os.environ | told | {"ORCHESTRATOR_ACTOR": machine}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    machines = {"behind": "-5h", "ahead": "+7h", "right": "+0"}
    for machine, offset in machines.items():
        orch(machine, offset, "init", "--host", "example.org")
    for turn in range(3):  # in turns, so that every neighbour has another clock
        for machine, offset in machines.items():
            orch(machine, offset, *words_of(f"st0{turn + 1}-{machine}", turn))
    at_once = [
        Thread(target=orch, args=(machine, offset, *words_of(f"st09-{machine}", 9)))
        for machine, offset in machines.items()
    ]
    for thread in at_once:
        thread.start()
    for thread in at_once:
        thread.join()

    with PostgresLog.open(database, read_only=True) as log:
        whole(log)
        records = list(log.records())
    times = grown(records)
    assert began < times[0] and times[-1] < time_ns() // 1000, "by the server's clock, whatever the machines say"
    assert all(record.clock == record.recorded_at for record in records), "which never stepped back"
    claimed: dict[str, set[int]] = {}
    for record in records:
        envelope = envelope_of(record)
        at = datetime.fromisoformat(envelope["occurred_at"])
        recorded = datetime.fromtimestamp(record.recorded_at / 1e6, UTC)
        claimed.setdefault(envelope["actor"]["id"], set()).add(round((at - recorded) / timedelta(hours=1)))
    assert claimed == {"behind": {-5}, "ahead": {7}, "right": {0}}, "what each machine claims is kept as a claim"


class SteppingClock:
    """The clock of a server under libfaketime, by a file that says how far it is off."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.is_off_by(0)

    def is_off_by(self, seconds: int) -> None:
        """Step the clock, at once and while the server runs."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}")
        new.chmod(0o644)
        new.replace(self._file)


@pytest.fixture
def stepping(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, SteppingClock]]:
    """Give the address of a log on a server whose clock can be set; the path of a socket has to be short."""
    folder = Path(tempfile.mkdtemp(prefix="orch-clock-"))
    folder.chmod(0o755)
    clock = SteppingClock(folder / "clock")
    library = subprocess.run(
        ["faketime", "-f", "+0", "printenv", "LD_PRELOAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    monkeypatch.setenv("LD_PRELOAD", library)
    monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(folder / "clock"))
    monkeypatch.setenv("FAKETIME_NO_CACHE", "1")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    try:
        with running(folder / "a") as server:
            for name in ("LD_PRELOAD", "FAKETIME_TIMESTAMP_FILE"):
                monkeypatch.delenv(name)
            url = server.make("log")
            make_log(url, "example.org/clocks", timeout_s=30)
            yield url, clock
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_server_whose_clock_steps_back_while_it_runs_records_time_that_grows(
    stepping: tuple[str, SteppingClock],
) -> None:
    url, clock = stepping
    stop = Event()
    answered: list[Receipt] = []

    def write(number: int) -> None:
        with PostgresLog.open(url) as log:
            after = 0
            while not stop.is_set():
                (answer,) = log.append([decision(f"phase:{number}", after=after, text="words")])
                assert isinstance(answer, Receipt), answer
                answered.append(answer)
                after += 1

    writers = [Thread(target=write, args=(number,)) for number in range(3)]
    for writer in writers:
        writer.start()
    steps = (0, -3600, 0, 86400, -60, 0)
    for seconds in steps:
        clock.is_off_by(seconds)
        wanted = len(answered) + 30
        until(lambda: len(answered) >= wanted)  # noqa: B023  # it is called before the loop goes on
    stop.set()
    for writer in writers:
        writer.join()

    with PostgresLog.open(url, read_only=True) as log:
        whole(log)
        records = list(log.records())
    grown(records)
    assert {receipt.first: receipt.recorded_at for receipt in answered} == {r.position: r.recorded_at for r in records}
    for before, record in itertools.pairwise(records):
        assert record.recorded_at == max(record.clock, before.recorded_at + 1)
    now = time_ns() // 1000
    said = {step * SECOND: sum(abs(r.clock - now - step * SECOND) < 1800 * SECOND for r in records) for step in steps}
    assert said[-3600 * SECOND] >= 20 and said[86400 * SECOND] >= 20, "what the clock really said is kept beside it"
    jumps = [after.clock - before.clock for before, after in itertools.pairwise(records)]
    assert min(jumps) < -DAY + HOUR and sum(jump < -HOUR / 2 for jump in jumps) >= 2, "and it did step back"
    assert records[-1].recorded_at - now > DAY - HOUR, "time goes on from the furthest that was recorded"


def grown(records: list[Record]) -> list[int]:
    """Check that time grows from command to command, and return the times."""
    times = list(dict.fromkeys(record.recorded_at for record in records))
    commands = list(dict.fromkeys(record.command_id for record in records))
    assert times == sorted(times) and len(times) == len(commands)
    return times


def until(holds: Callable[[], bool]) -> None:
    """Wait until that holds, for two minutes at most."""
    end = monotonic() + 120
    while not holds():
        assert monotonic() < end
        sleep(0.02)

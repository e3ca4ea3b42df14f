"""Processes that write into one database at the same time, some of them killed: the history has to be right."""

import os
import random
import signal
from collections import Counter
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

from adapters.postgres_log import PostgresLog
from domain.errors import Conflict
from domain.event_log import EventLog, Receipt
from tests.adapters.log_entries import decision
from tests.adapters.sqlite_stores import whole

LONG = os.environ.get("RELIABILITY") == "long"
PROCESSES, CONNECTIONS, COMMANDS, KILLS = (4, 8, 800, 40) if LONG else (3, 3, 40, 4)
HOT = "phase:hot"


def write(url: str, name: str, acknowledged: Path, seed: int) -> None:
    """Write commands on several connections, a third of them on the hot stream; note each one that was answered."""

    def work(connection: int) -> None:
        chance = random.Random(f"{seed} {connection}")
        with PostgresLog.open(url) as log, acknowledged.open("ab", buffering=0) as noted:
            for number in range(COMMANDS):
                stream = HOT if chance.random() < 1 / 3 else f"phase:{name}-{connection}"
                noted.write(_recorded(log, stream, f"{name}-{connection}-{number}").encode())

    threads = [Thread(target=work, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _recorded(log: EventLog, stream: str, command: str) -> str:
    """Decide on what is there until nobody else was faster, and return what the receipt says."""
    while True:
        head = log.heads([stream])[1].get(stream)
        (answer,) = log.append([decision(stream, after=head.version if head else 0, command_id=command)])
        if isinstance(answer, Receipt):
            return f"{command} {answer.first} {answer.recorded_at}\n"
        assert isinstance(answer, Conflict), answer


def watch(url: str, done: Event, gaps: list[str]) -> None:
    """Read the tail again and again: whoever sees a position sees all before it."""
    with PostgresLog.open(url, read_only=True) as log:
        seen = 0
        while not done.is_set():
            positions = [record.position for record in log.records(seen + 1)]
            if positions != list(range(seen + 1, seen + 1 + len(positions))):
                gaps.append(f"{positions[:20]} after {seen}")
            seen += len(positions)


def test_what_processes_write_at_once_some_of_them_killed_is_one_right_history(
    log_database: str, tmp_path: Path
) -> None:
    context, chance = get_context("spawn"), random.Random(7)
    acknowledged = [tmp_path / f"answered-{number}" for number in range(PROCESSES + KILLS)]
    done, gaps = Event(), list[str]()
    watcher = Thread(target=watch, args=(log_database, done, gaps))
    watcher.start()

    def started(number: int) -> "object":
        process = context.Process(target=write, args=(log_database, f"p{number}", acknowledged[number], number))
        process.start()
        return process

    running = [started(number) for number in range(PROCESSES)]
    began = monotonic()
    for number in range(PROCESSES, PROCESSES + KILLS):
        sleep(chance.uniform(0.1, 0.6) + (0.8 if monotonic() - began < 1 else 0))
        victim = running.pop(0)
        os.kill(victim.pid, signal.SIGKILL)  # type: ignore[attr-defined]
        victim.join()  # type: ignore[attr-defined]
        running.append(started(number))
    for process in running:
        process.join()  # type: ignore[attr-defined]
        assert process.exitcode == 0  # type: ignore[attr-defined]
    done.set()
    watcher.join()

    assert gaps == []
    with PostgresLog.open(log_database) as log:
        commands = whole(log)
        records = {record.position: record for record in log.records()}
    assert max(Counter(commands).values()) == 1
    times = [record.recorded_at for record in records.values()]
    assert times == sorted(set(times))
    versions: dict[str, int] = {}
    for record in records.values():
        assert record.version == versions.get(record.stream, 0) + 1
        versions[record.stream] = record.version
    lines = [line for path in acknowledged if path.exists() for line in path.read_text().splitlines()]
    assert len(lines) >= PROCESSES * CONNECTIONS * COMMANDS / 2 and versions[HOT] > COMMANDS / 4
    for line in lines:
        command, first, recorded_at = line.split()
        record = records[int(first)]
        assert (record.command_id, str(record.recorded_at)) == (command, recorded_at)

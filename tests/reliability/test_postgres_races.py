"""Processes that write into one database at the same time, some of them killed: the history has to be right."""

import os
import random
import signal
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

from adapters.postgres_log import PostgresLog
from domain.errors import Conflict
from domain.event_log import EventLog, Receipt, Record
from tests.adapters.log_entries import decision
from tests.adapters.sqlite_stores import whole

LONG = os.environ.get("RELIABILITY") == "long"
PROCESSES, CONNECTIONS, COMMANDS, KILLS = (4, 8, 2000, 40) if LONG else (3, 3, 40, 4)
PAUSES = (1.0, 15.0) if LONG else (0.0, 0.3)
"""So long, by chance, between two kills."""
UNTIL_KILLED = COMMANDS if LONG else 10_000
"""So many commands on each connection of a process that will be killed: it is at work then."""
SIZES = (1, 1, 2, 3)
"""So many events a command has; in the long form there are more than 100,000."""
HOT = "phase:hot"


def write(url: str, name: str, acknowledged: Path, seed: int, commands: int) -> None:
    """Write commands on several connections, a third of them on the hot stream; note each one that was answered."""

    def work(connection: int) -> None:
        chance = random.Random(f"{seed} {connection}")
        with PostgresLog.open(url) as log, acknowledged.open("ab", buffering=0) as noted:
            for number in range(commands):
                stream = HOT if chance.random() < 1 / 3 else f"phase:{name}-{connection}"
                receipt = _recorded(log, stream, f"{name}-{connection}-{number}", chance.choice(SIZES))
                noted.write(f"{' '.join(map(str, receipt))}\n".encode())

    threads = [Thread(target=work, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _recorded(log: EventLog, stream: str, command: str, events: int) -> Receipt:
    """Decide on what is there until nobody else was faster, and return the receipt."""
    while True:
        head = log.heads([stream])[1].get(stream)
        asked = decision(stream, after=head.version if head else 0, command_id=command, events=events)
        (answer,) = log.append([asked])
        if isinstance(answer, Receipt):
            return answer
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
            sleep(0.005)


def test_what_processes_write_at_once_some_of_them_killed_is_one_right_history(
    log_database: str, tmp_path: Path
) -> None:
    context, chance = get_context("spawn"), random.Random(7)
    acknowledged = [tmp_path / f"answered-{number}" for number in range(PROCESSES + KILLS)]
    done, gaps = Event(), list[str]()
    watcher = Thread(target=watch, args=(log_database, done, gaps))
    watcher.start()

    def started(number: int) -> "tuple[SpawnProcess, Path]":
        noted, commands = acknowledged[number], UNTIL_KILLED if number < KILLS else COMMANDS
        process = context.Process(target=write, args=(log_database, f"p{number}", noted, number, commands))
        process.start()
        return process, noted

    running = [started(number) for number in range(PROCESSES)]
    began, killed = monotonic(), 0
    for number in range(PROCESSES, PROCESSES + KILLS):
        victim, noted = running.pop(0)
        while victim.is_alive() and not (noted.exists() and noted.stat().st_size):
            sleep(0.01)  # so that it is killed at its work
        sleep(chance.uniform(*PAUSES))
        victim.kill()
        victim.join()
        killed += victim.exitcode == -signal.SIGKILL
        running.append(started(number))
    for process, _ in running:
        process.join()
        assert process.exitcode == 0
    done.set()
    watcher.join()

    assert gaps == []
    with PostgresLog.open(log_database) as log:
        whole(log)
        records = list(log.records())
    history = judged(records)
    answers = [line.split() for path in acknowledged if path.exists() for line in path.read_text().splitlines()]
    for command, first, last, recorded_at, _ in answers:
        assert history[command] == (int(first), int(last), int(recorded_at)), "what was answered is there, as answered"
    assert len(answers) >= PROCESSES * CONNECTIONS * COMMANDS
    assert killed > KILLS / 2
    assert not LONG or len(records) > 100_000
    assert sum(record.stream == HOT for record in records) > len(records) / 4
    told = f"{len(records)} events, {len(history)} commands, {len(answers)} answered, {killed} processes killed"
    print(f"{told}, {monotonic() - began:.0f} s")


def judged(records: list[Record]) -> dict[str, tuple[int, int, int]]:
    """Check a history, and return of every command its first and last position and its time.

    Positions without gaps; a command in one piece, with one time, and never twice; time that grows from command to
    command; the versions of a phase without gaps; and what one connection did in the order it did it.
    """
    history: dict[str, tuple[int, int, int]] = {}
    versions: dict[str, int] = {}
    turns: dict[str, int] = {}
    latest, before = 0, ""
    for position, record in enumerate(records, 1):
        assert record.position == position
        assert record.version == versions.get(record.stream, 0) + 1
        versions[record.stream] = record.version
        if record.command_id == before:
            first, _, at = history[before]
            assert record.recorded_at == at
            history[before] = first, position, at
            continue
        assert record.command_id not in history and record.recorded_at > latest
        who, _, turn = record.command_id.rpartition("-")
        assert int(turn) == turns.get(who, -1) + 1
        turns[who] = int(turn)
        latest, before = record.recorded_at, record.command_id
        history[before] = position, position, latest
    return history

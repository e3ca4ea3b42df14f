"""A log that moves while others write, killed at any moment and begun again: what was answered is there, once."""

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen
from threading import Event, Thread
from time import sleep

import orjson

from adapters.log_notes import MOVED
from adapters.sqlite_log import SqliteLog
from adapters.stores import opened_at
from domain.event_log import Record
from tests.reliability.faults import ENVIRONMENT, command_of, orch
from tests.reliability.ledger import LONG

ROUNDS = 20 if LONG else 3
WRITERS = 3
MAY_WAIT = (2, 3, 8)
"""On the way: no setting says in which database yet, the log has moved, or somebody holds it."""
NO_SETTING_YET = "is in a PostgreSQL database, and no setting says in which."
"""What exit 4 says between the file's end and the setting; of a log that is gone it says something else."""


class Writers:
    """Programs that record one command after the other, and repeat each until it is answered."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ends = Event()
        self.answered: list[tuple[str, int]] = []
        self.refused: set[int] = set()
        self._threads = [Thread(target=self._write, args=(number,)) for number in range(WRITERS)]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._ends.set()
            for thread in self._threads:
                thread.join()

    def _write(self, number: int) -> None:
        count = 0
        while not self._ends.is_set():
            command_id = f"writer-{number}-{count}"
            status, out, _ = orch("remember", f"say {count}", "--command-id", command_id, "--json", cwd=self._folder)
            if status == 0:
                self.answered.append((command_id, orjson.loads(out)["data"]["position"]))
                count += 1
            else:
                assert status in MAY_WAIT or (status == 4 and NO_SETTING_YET in out), out
                self.refused.add(status)


def commands_of(rows: list[Record]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        assert row.command_id not in found or found[row.command_id] == row.position - 1
        found[row.command_id] = row.position
    return found


def moved(folder: Path, to: str, dice: random.Random) -> bool:
    """Begin a move that is killed somewhere, or goes on to its end, and tell whether that is reached."""
    words = ("migrate", "--to", to)
    if dice.random() < 0.2:
        status, _, err = orch(*words, cwd=folder)
        assert status in (0, 3), err
        return True
    with Popen(command_of(*words), cwd=folder, env=ENVIRONMENT, stdout=DEVNULL, stderr=DEVNULL) as process:
        sleep(0.2 + dice.random() * 0.8)
        process.send_signal(signal.SIGKILL)
        process.wait()
    return process.returncode == 0


def test_a_move_that_is_killed_at_any_moment_loses_nothing_and_ends_in_one_place(database: str, tmp_path: Path) -> None:
    dice = random.Random(20261201)
    to, places = "file", {"file": str(tmp_path / ".orch/log.db"), database: database}
    assert orch("init", "--host", "example.org", cwd=tmp_path)[0] == 0
    writers = Writers(tmp_path)
    killed = 0
    with writers.at_work():
        for _ in range(ROUNDS):
            to = "file" if to == database else database
            sleep(1.0)
            while not moved(tmp_path, to, dice):
                killed += 1
    assert killed > ROUNDS // 2, "it was killed on the way"
    with opened_at(places[to], read_only=True) as log:
        rows, origin = list(log.records()), log.origin
        assert MOVED not in log.noted
    found = commands_of(rows)
    assert writers.answered and all(found[command_id] == position for command_id, position in writers.answered)
    for kept in (tmp_path / ".orch/retired").glob("*/log.db"):
        with SqliteLog.open(kept, read_only=True) as log:
            old = list(log.records())
            assert log.origin == origin and MOVED in log.noted and old == rows[: len(old)]
    assert orch("audit", "verify", cwd=tmp_path)[0] in (0, 7)
    assert orch("remember", "the end", cwd=tmp_path)[0] == 0

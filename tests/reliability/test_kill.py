"""kill -9 at random moments: what was acknowledged is there, and the store is whole."""

import random
import signal
import sys
from pathlib import Path
from subprocess import PIPE, Popen
from time import monotonic, sleep

from adapters import sqlite_log
from adapters.sqlite_log import SqliteLog
from tests.reliability.ledger import LONG, carry_out, check, draft, new_log, request

ROUNDS = 200 if LONG else 12
ROOT = Path(__file__).parents[2]


def test_nothing_acknowledged_is_lost_to_kill_9(tmp_path: Path) -> None:
    path = new_log(tmp_path)
    dice = random.Random(20261124)
    acknowledged: set[str] = set()
    for _ in range(ROUNDS):
        writer = started(path, "hot")
        acknowledged |= {said_first(writer) for _ in range(dice.randint(1, 12))}  # however long they take
        sleep(dice.random() * 0.02)
        acknowledged |= killed(writer)
        with SqliteLog.open(path) as log:
            carry_out(log, request("hot"))
            recorded = check(log)
        assert acknowledged <= recorded
    assert len(acknowledged) > ROUNDS * 2, "the writers were killed before they wrote anything worth losing"


def test_the_other_writers_go_on_when_one_is_killed(tmp_path: Path) -> None:
    path = new_log(tmp_path)
    dice = random.Random(20261125)
    acknowledged: set[str] = set()
    writers = [started(path, f"phase-{number}") for number in range(3)]
    for turn in range(ROUNDS):
        number = turn % len(writers)
        acknowledged.add(said_first(writers[number]))  # it writes, though others died in the middle of a write
        sleep(dice.random() * 0.1)
        acknowledged |= killed(writers[number])
        writers[number] = started(path, f"phase-{number}")
    for writer in writers:
        acknowledged.add(said_first(writer))
        acknowledged |= killed(writer)
    with SqliteLog.open(path) as log:
        assert acknowledged <= check(log)
    assert len(acknowledged) > ROUNDS


def test_a_log_is_made_wholly_or_not_at_all_when_its_maker_is_killed(tmp_path: Path) -> None:
    dice = random.Random(20261126)
    made = 0
    for turn in range(ROUNDS):
        folder = tmp_path / str(turn)
        folder.mkdir()
        maker = Popen([sys.executable, "-m", "tests.reliability.test_kill", folder], cwd=ROOT, stdout=PIPE, text=True)
        began = monotonic()
        said = {said_first(maker)}
        sleep(dice.random() * (monotonic() - began))  # on a busy machine everything takes longer
        said |= killed(maker)
        for path in folder.glob("*.db"):
            with SqliteLog.open(path) as log:
                assert check(log) == set()
        assert said <= {path.name for path in folder.glob("*.db")}
        made += len(said)
    assert made > ROUNDS, "the makers were killed before they made anything"


def started(path: Path, phase: str) -> "Popen[str]":
    return Popen([sys.executable, "-m", "tests.reliability.test_kill", path, phase], cwd=ROOT, stdout=PIPE, text=True)


def said_first(process: "Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def killed(process: "Popen[str]") -> set[str]:
    """Kill a process, and return the lines that it had said to their end."""
    process.send_signal(signal.SIGKILL)
    return set(process.communicate()[0].split("\n")[:-1])


def write_until_killed(path: Path, phase: str) -> None:
    """Write without end, and say every command that was acknowledged."""
    sqlite_log.WAL_PAGES = 60  # many checkpoints to be killed in
    with SqliteLog.open(path) as log:
        turn = 0
        while True:
            command = draft(phase) if turn % 5 == 0 else request(phase)
            carry_out(log, command)
            sys.stdout.write(f"{command.meta.command_id}\n")
            sys.stdout.flush()
            turn += 1


def make_until_killed(folder: Path) -> None:
    """Make one log after the other, and say the name of every one that is made."""
    turn = 0
    while True:
        SqliteLog.create(folder / f"{turn}.db", "example.org/made").close()
        sys.stdout.write(f"{turn}.db\n")
        sys.stdout.flush()
        turn += 1


if __name__ == "__main__":
    place = Path(sys.argv[1])
    if place.is_dir():
        make_until_killed(place)
    write_until_killed(place, sys.argv[2])

"""kill -9 at random moments: what was acknowledged is there, and the store is whole."""

import random
import signal
import sys
from pathlib import Path
from subprocess import PIPE, Popen
from time import sleep

from adapters.sqlite_log import SqliteLog
from tests.reliability.ledger import LONG, carry_out, check, draft, new_log, request

ROUNDS = 200 if LONG else 12
ROOT = Path(__file__).parents[2]


def test_nothing_acknowledged_is_lost_to_kill_9(tmp_path: Path) -> None:
    path = new_log(tmp_path)
    dice = random.Random(20261124)
    acknowledged: set[str] = set()
    for _ in range(ROUNDS):
        writer = Popen([sys.executable, "-m", "tests.reliability.test_kill", path], cwd=ROOT, stdout=PIPE, text=True)
        assert writer.stdout is not None
        acknowledged.add(writer.stdout.readline().strip())  # it is writing now
        sleep(dice.random() * 0.12)
        writer.send_signal(signal.SIGKILL)
        lines = writer.communicate()[0].split("\n")
        acknowledged |= set(lines[:-1])  # a line without its end was not said
        with SqliteLog.open(path) as log:
            carry_out(log, request("hot"))
            recorded = check(log)
        assert acknowledged <= recorded
    assert len(acknowledged) > ROUNDS * 2, "the writers were killed before they wrote anything worth losing"


def write_until_killed(path: Path) -> None:
    """Write without end, and say every command that was acknowledged."""
    with SqliteLog.open(path) as log:
        turn = 0
        while True:
            command = draft("hot") if turn % 5 == 0 else request("hot")
            carry_out(log, command)
            sys.stdout.write(f"{command.meta.command_id}\n")
            sys.stdout.flush()
            turn += 1


if __name__ == "__main__":
    write_until_killed(Path(sys.argv[1]))

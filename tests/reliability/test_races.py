"""Many processes, one store: nothing lost, nothing twice, and no lock that a user would see."""

import multiprocessing as mp
from pathlib import Path

from adapters.sqlite_log import SqliteLog
from domain.errors import Conflict
from tests.reliability.ledger import LONG, carry_out, check, draft, new_log, request

PROCESSES = 8
COMMANDS = 200 if LONG else 60
SPAWN = mp.get_context("spawn")


def work(path: Path, number: int, start: "mp.synchronize.Barrier", answers: "mp.Queue[tuple[list[str], int]]") -> None:
    """Write to a phase of one's own and to one that all fight for; report what was acknowledged."""
    acknowledged, conflicts = [], 0
    with SqliteLog.open(path) as log:
        start.wait()
        for turn in range(COMMANDS):
            command = (
                draft(f"own-{number}") if turn % 4 == 0 else request("hot") if turn % 2 else request(f"own-{number}")
            )
            try:
                carry_out(log, command)
                acknowledged.append(command.meta.command_id)
            except Conflict:
                conflicts += 1
    answers.put((acknowledged, conflicts))


def repeat(path: Path, start: "mp.synchronize.Barrier", answers: "mp.Queue[tuple[int, bool]]") -> None:
    """Send one command under an id that the other processes use too."""
    with SqliteLog.open(path) as log:
        start.wait()
        for turn in range(50):
            try:
                receipt = carry_out(log, request("hot", command_id=f"shared-{turn}"))
            except Conflict:  # both decided before either was recorded: repeating is what the answer asks for
                receipt = carry_out(log, request("hot", command_id=f"shared-{turn}"))
            answers.put((receipt.first, receipt.repeated))


def test_eight_processes_lose_nothing_and_record_nothing_twice(tmp_path: Path) -> None:
    path = new_log(tmp_path)
    with SqliteLog.open(path) as log:
        carry_out(log, draft("hot"))
    start, answers = SPAWN.Barrier(PROCESSES), SPAWN.Queue()
    workers = [SPAWN.Process(target=work, args=(path, n, start, answers)) for n in range(PROCESSES)]
    for worker in workers:
        worker.start()
    said = [answers.get(timeout=300) for _ in workers]
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0, "an error other than a conflict reached the user"
    acknowledged = [command for mine, _ in said for command in mine]
    assert len(acknowledged) + sum(conflicts for _, conflicts in said) == PROCESSES * COMMANDS
    with SqliteLog.open(path, read_only=True) as log:
        recorded = check(log)
        hot = {record.command_id for record in log.stream("phase:hot")}
    assert sum(bool(hot & set(mine)) for mine, _ in said) > 1, "several processes got through to the hot phase"
    assert sum(conflicts for _, conflicts in said) > 0, "and got in each other's way"
    assert len(acknowledged) == len(set(acknowledged))
    assert recorded >= set(acknowledged)
    assert len(recorded) == len(acknowledged) + 2  # init and the first draft of the hot phase


def test_the_same_command_id_from_several_processes_records_once(tmp_path: Path) -> None:
    path = new_log(tmp_path)
    with SqliteLog.open(path) as log:
        carry_out(log, draft("hot"))
        before = log.moment().position
    start, answers = SPAWN.Barrier(4), SPAWN.Queue()
    workers = [SPAWN.Process(target=repeat, args=(path, start, answers)) for _ in range(4)]
    for worker in workers:
        worker.start()
    said = [answers.get(timeout=120) for _ in range(4 * 50)]
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    with SqliteLog.open(path, read_only=True) as log:
        check(log)
        assert log.moment().position == before + 50
    assert sum(not repeated for _, repeated in said) == 50
    assert {first for first, _ in said} == set(range(before + 1, before + 51))

"""The queue of writers: one at a time, no one for ever, and the store while another program holds the lock."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Event, Thread
from time import monotonic, sleep

import apsw
import pytest

from adapters.sqlite_log import SqliteLog
from adapters.writers_queue import WritersQueue
from domain.errors import Unavailable
from tests.adapters.log_entries import accepted, decision
from tests.adapters.sqlite_stores import small_log, whole

HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "r+")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.readline()
"""


@contextmanager
def held_elsewhere(path: Path) -> Iterator[Popen[str]]:
    """Let another process hold the lock."""
    path.touch()
    with Popen([sys.executable, "-c", HOLDER, path], stdin=PIPE, stdout=PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


def free(path: Path) -> bool:
    """Tell whether nobody holds the lock."""
    file = os.open(path, os.O_RDWR)
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True


def soon(path: Path) -> bool:
    """Tell whether the lock is free within ten seconds."""
    until = monotonic() + 10
    while monotonic() < until:
        if free(path):
            return True
        sleep(0.005)
    return False


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queue"


def test_one_writer_at_a_time(path: Path) -> None:
    inside = most = turns = 0

    def work() -> None:
        nonlocal inside, most, turns
        for _ in range(50):
            with WritersQueue(path, timeout_s=30).turn():
                inside += 1
                most = max(most, inside)
                sleep(0)
                turns += 1
                inside -= 1

    workers = [Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (most, turns) == (1, 400)


def test_an_error_inside_a_turn_ends_it(path: Path) -> None:
    queue = WritersQueue(path, timeout_s=1)
    with pytest.raises(RuntimeError), queue.turn():
        raise RuntimeError
    assert free(path)


def test_whoever_waits_too_long_is_told_and_gives_up_the_place(path: Path) -> None:
    queue = WritersQueue(path, timeout_s=0.2)
    with held_elsewhere(path):
        for _ in range(3):
            began = monotonic()
            with pytest.raises(Unavailable, match="Other writers"), queue.turn():
                raise AssertionError("the lock was held")
            assert 0.2 <= monotonic() - began < 5
    with WritersQueue(path, timeout_s=30).turn():  # those who gave up do not keep the lock once they get it
        assert not free(path)


def test_a_signal_that_ends_the_waiting_gives_up_the_place_too(path: Path) -> None:
    class Stopped(BaseException):
        pass

    def stop(_number: int, _frame: object) -> None:
        raise Stopped

    before = signal.signal(signal.SIGALRM, stop)
    try:
        with held_elsewhere(path):
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(Stopped), WritersQueue(path, timeout_s=60).turn():
                raise AssertionError("the lock was held")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert soon(path)


def test_those_who_wait_are_served_although_others_keep_coming_back(path: Path) -> None:
    stop = Event()

    def greedy() -> None:
        while not stop.is_set():
            with WritersQueue(path, timeout_s=30).turn():
                sleep(0.002)

    crowd = [Thread(target=greedy) for _ in range(6)]
    for one in crowd:
        one.start()
    waits = []
    try:
        for _ in range(20):
            began = monotonic()
            with WritersQueue(path, timeout_s=30).turn():
                waits.append(monotonic() - began)
    finally:
        stop.set()
        for one in crowd:
            one.join()
    assert max(waits) < 5, "six others at 2 ms each"


def test_a_lock_file_that_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    with (
        pytest.raises(Unavailable, match="No such file or directory"),
        WritersQueue(tmp_path / "missing" / "queue", timeout_s=1).turn(),
    ):
        raise AssertionError("there is no folder")


def test_a_log_whose_queue_is_held_elsewhere_says_so_in_time_and_records_nothing(tmp_path: Path) -> None:
    path = small_log(tmp_path)
    with SqliteLog.open(path, timeout_s=0.3) as log:
        with held_elsewhere(path.with_name("log.db-writers")):
            began = monotonic()
            with pytest.raises(Unavailable):
                log.append([decision("phase:b")])
            assert monotonic() - began < 5
            assert len(whole(log)) == 6, "readers wait for nobody"
        accepted(log, decision("phase:b"))
        assert len(whole(log)) == 7


def test_a_file_locked_by_a_program_that_knows_no_queue_is_said_in_time_and_records_nothing(tmp_path: Path) -> None:
    path = small_log(tmp_path)
    stranger = apsw.Connection(str(path))
    stranger.execute("BEGIN IMMEDIATE")
    with SqliteLog.open(path, timeout_s=0.3) as log:
        began = monotonic()
        with pytest.raises(Unavailable, match="locked by another program"):
            log.append([decision("phase:b")])
        assert monotonic() - began < 5
        stranger.execute("ROLLBACK")
        accepted(log, decision("phase:b"))
        assert len(whole(log)) == 7
    stranger.close()

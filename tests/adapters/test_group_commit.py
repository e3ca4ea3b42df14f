"""Group commit: who waits shares the next write, its answers and its errors."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import apsw
import pytest

from adapters.group_commit import MOST_AT_ONCE, GroupCommit
from adapters.sqlite_log import SqliteLog
from domain.errors import InvalidInput, Unavailable
from domain.event_log import Receipt
from tests.adapters.log_entries import decision
from tests.adapters.sqlite_stores import small_log, whole


class Slow:
    """A write that notes its batches; the first one lasts until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun, self.go_on = Event(), Event()

    def __call__(self, batch: list[int]) -> list[int]:
        self.batches.append(batch)
        self.begun.set()
        assert self.go_on.wait(20)
        if -1 in batch:
            raise RuntimeError("the shared write failed")
        if -2 in batch:
            raise KeyboardInterrupt
        return [item * 10 for item in batch]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(600) as pool:
        yield pool


def waiting(commits: GroupCommit[int, int], count: int) -> bool:
    """Tell whether so many callers wait, once they do."""
    pause = Event()
    return any(len(commits._waiting) == count or pause.wait(0.01) for _ in range(2000))


def test_callers_that_come_while_one_writes_share_the_next_write(pool: ThreadPoolExecutor) -> None:
    write = Slow()
    commits = GroupCommit(write)
    first = pool.submit(commits.submit, 1)
    assert write.begun.wait(20)
    others = [pool.submit(commits.submit, number) for number in range(2, 52)]
    assert waiting(commits, 50)
    write.go_on.set()
    assert [first.result(20), *(other.result(20) for other in others)] == [number * 10 for number in range(1, 52)]
    assert write.batches[0] == [1]
    assert [sorted(batch) for batch in write.batches[1:]] == [list(range(2, 52))]


def test_one_write_takes_so_many_and_no_more(pool: ThreadPoolExecutor) -> None:
    write = Slow()
    commits = GroupCommit(write)
    first = pool.submit(commits.submit, 0)
    assert write.begun.wait(20)
    others = [pool.submit(commits.submit, number) for number in range(1, 2 * MOST_AT_ONCE)]
    assert waiting(commits, 2 * MOST_AT_ONCE - 1)
    write.go_on.set()
    assert sorted(other.result(20) for other in [first, *others]) == [n * 10 for n in range(2 * MOST_AT_ONCE)]
    assert [len(batch) for batch in write.batches] == [1, MOST_AT_ONCE, MOST_AT_ONCE - 1]


def test_an_error_of_the_shared_write_reaches_all_it_was_for_and_nobody_else(pool: ThreadPoolExecutor) -> None:
    write = Slow()
    commits = GroupCommit(write)
    first = pool.submit(commits.submit, 1)
    assert write.begun.wait(20)
    doomed = [pool.submit(commits.submit, number) for number in (-1, 2, 3)]
    assert waiting(commits, 3)
    write.go_on.set()
    assert first.result(20) == 10
    for one in doomed:
        with pytest.raises(RuntimeError, match="the shared write failed"):
            one.result(20)
    assert commits.submit(4) == 40


def test_an_interrupted_writer_tells_the_others_to_repeat(pool: ThreadPoolExecutor) -> None:
    write = Slow()
    commits = GroupCommit(write)
    pool.submit(commits.submit, 1)
    assert write.begun.wait(20)
    stopped = [pool.submit(commits.submit, number) for number in (-2, 2, 3)]
    assert waiting(commits, 3)
    write.go_on.set()
    errors = [type(one.exception(20)) for one in stopped]
    assert sorted(error.__name__ for error in errors) == ["KeyboardInterrupt", "Unavailable", "Unavailable"]
    assert commits.submit(4) == 40


def test_whoever_is_stopped_while_waiting_is_not_written_for_later(pool: ThreadPoolExecutor) -> None:
    class Stopped(BaseException):
        pass

    def stop(_number: int, _frame: object) -> None:
        raise Stopped

    write = Slow()
    commits = GroupCommit(write)
    first = pool.submit(commits.submit, 1)
    assert write.begun.wait(20)
    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(Stopped):
            commits.submit(2)
    finally:
        signal.signal(signal.SIGALRM, before)
    write.go_on.set()
    assert first.result(20) == 10
    assert commits.submit(3) == 30
    assert write.batches == [[1], [3]]


def test_a_failed_commit_of_the_log_is_told_to_every_caller_and_records_nothing(
    tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    path = small_log(tmp_path)
    stranger = apsw.Connection(str(path))
    stranger.execute("BEGIN IMMEDIATE")
    with SqliteLog.open(path, timeout_s=0.5) as log:
        asked = [pool.submit(log.append, [decision(f"phase:{number}")]) for number in range(20)]
        for one in asked:
            with pytest.raises(Unavailable):
                one.result(60)
        assert len(whole(log)) == 6
        stranger.execute("ROLLBACK")
        assert isinstance(log.append([decision("phase:b")])[0], Receipt)
    stranger.close()


def test_a_decision_that_cannot_be_written_is_the_business_of_its_caller_alone(
    tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    with SqliteLog.open(small_log(tmp_path)) as log:
        texts = ["\ud800" if number % 5 == 0 else "words" for number in range(40)]
        asked = [pool.submit(log.append, [decision(f"phase:{n}", text=text)]) for n, text in enumerate(texts)]
        for one, text in zip(asked, texts, strict=True):
            if text == "words":
                assert isinstance(one.result(60)[0], Receipt)
            else:
                assert isinstance(one.exception(60), InvalidInput)
        assert len(whole(log)) == 6 + 32

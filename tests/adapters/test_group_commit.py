"""Group commit: who waits shares the next write, its answers and its errors."""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import apsw
import pytest

from adapters.group_commit import MOST, GroupCommit, Ticket, Weight
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
    others = [pool.submit(commits.submit, number) for number in range(1, 2 * MOST.decisions)]
    assert waiting(commits, 2 * MOST.decisions - 1)
    write.go_on.set()
    assert sorted(other.result(20) for other in [first, *others]) == [n * 10 for n in range(2 * MOST.decisions)]
    assert [len(batch) for batch in write.batches] == [1, MOST.decisions, MOST.decisions - 1]


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


def test_the_line_is_served_strictly_from_its_front_whoever_leads(pool: ThreadPoolExecutor) -> None:
    write = Slow()
    commits = GroupCommit(write)
    pool.submit(commits.submit, 0)
    assert write.begun.wait(20)
    for number in range(1, 301):  # each joins before the next one comes
        pool.submit(commits.submit, number)
        assert waiting(commits, number)
    write.go_on.set()
    assert commits.submit(301) == 3010
    assert [item for batch in write.batches for item in batch] == list(range(302))


class Noted(GroupCommit[str, str]):
    """Notes which commits had begun when somebody had joined."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.begun: dict[str, int] = {}
        super().__init__(self._slowly, weigh=lambda _: Weight(MOST.decisions // 2, 0))

    def _slowly(self, batch: list[str]) -> list[str]:
        self.batches.append(batch)
        sleep(0.002)
        return batch

    def join(self, ticket: Ticket[str, str]) -> bool:
        leads = super().join(ticket)
        self.begun[ticket.item] = len(self.batches)
        return leads


def test_callers_that_come_again_and_again_do_not_keep_a_slow_one_waiting(pool: ThreadPoolExecutor) -> None:
    """Two fit into a commit here, and there are five: whoever comes has four before it at most, so two commits."""
    commits, done = Noted(), Event()

    def hot(number: int) -> int:
        for turn in count():
            commits.submit(f"hot {number} {turn}")
            if done.is_set():
                return turn
        return 0

    workers = [pool.submit(hot, number) for number in range(4)]
    for turn in range(50):
        sleep(0.003)
        commits.submit(f"slow {turn}")
    done.set()
    assert sum(worker.result(20) for worker in workers) > 50
    places = {item: place for place, batch in enumerate(commits.batches) for item in batch}
    assert len(places) == len(commits.begun)
    assert max(place - commits.begun[item] for item, place in places.items()) <= 2
    assert {len(batch) for batch in commits.batches} == {1, 2}


def test_what_one_write_takes_has_a_bound_in_decisions_and_in_bytes(pool: ThreadPoolExecutor) -> None:
    write = Slow()
    half, whole_size = MOST.size // 2, MOST.size * 2
    sizes = {0: 1, 1: half, 2: half, 3: 1, 4: whole_size, 5: 1}
    commits = GroupCommit(write, weigh=lambda number: Weight(1, sizes[number]))
    pool.submit(commits.submit, 0)
    assert write.begun.wait(20)
    for number in range(1, 6):
        pool.submit(commits.submit, number)
        assert waiting(commits, number)
    write.go_on.set()
    assert _until(lambda: sum(map(len, write.batches)) == 6)
    assert write.batches == [[0], [1, 2], [3], [4], [5]]


def test_whoever_comes_when_too_many_wait_is_refused_at_once_and_not_written_for(pool: ThreadPoolExecutor) -> None:
    write = Slow()
    commits = GroupCommit(write)
    commits.room = 3
    asked = [pool.submit(commits.submit, 0)]
    assert write.begun.wait(20)
    for number in range(1, 4):
        asked.append(pool.submit(commits.submit, number))
        assert waiting(commits, number)
    began = monotonic()
    with pytest.raises(Unavailable, match=r"3 commands wait to be recorded already.*Repeating the command is safe"):
        commits.submit(4)
    assert monotonic() - began < 5, "while the write still lasts"
    write.go_on.set()
    assert [one.result(20) for one in asked] == [0, 10, 20, 30]
    assert commits.submit(5) == 50, "there is room again"
    assert 4 not in [item for batch in write.batches for item in batch]


def test_whose_turn_does_not_come_in_time_is_told_and_not_written_for() -> None:
    write = Slow()
    commits = GroupCommit(write, timeout_s=0.2)
    first = Thread(target=commits.submit, args=(1,))
    first.start()
    assert write.begun.wait(20)
    with pytest.raises(Unavailable, match="nothing was recorded of this one"):
        commits.submit(2)
    write.go_on.set()
    first.join()
    assert commits.submit(3) == 30
    assert write.batches == [[1], [3]]


def test_who_was_taken_in_time_waits_for_the_answer_however_long_that_takes(pool: ThreadPoolExecutor) -> None:
    begun, go_on = ([Event(), Event()] for _ in range(2))

    def write(batch: list[int]) -> list[int]:
        (item,) = batch
        begun[item].set()
        assert go_on[item].wait(20)
        return batch

    commits = GroupCommit(write, timeout_s=1)
    first = pool.submit(commits.submit, 0)
    assert begun[0].wait(20)
    second = pool.submit(commits.submit, 1)
    assert waiting(commits, 1)
    go_on[0].set()
    assert begun[1].wait(20)
    sleep(1.2)
    go_on[1].set()
    assert (first.result(20), second.result(20)) == (0, 1)


def test_a_line_that_is_closed_turns_away_who_waits_and_finishes_what_is_written(pool: ThreadPoolExecutor) -> None:
    write = Slow()
    commits = GroupCommit(write)
    first = pool.submit(commits.submit, 1)
    assert write.begun.wait(20)
    others = [pool.submit(commits.submit, number) for number in (2, 3)]
    assert waiting(commits, 2)
    commits.close()
    for other in others:
        assert isinstance(other.exception(20), Unavailable)
    with pytest.raises(Unavailable, match="is being closed"):
        commits.submit(4)
    write.go_on.set()
    assert first.result(20) == 10
    assert write.batches == [[1]]


def _until(holds: Callable[[], bool]) -> bool:
    """Tell whether that holds, once it does."""
    pause = Event()
    return any(holds() or pause.wait(0.01) for _ in range(2000))


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

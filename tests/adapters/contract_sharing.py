"""What a store on disk promises to those who write at the same time: one line, one commit, and each its own answer."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest

from adapters.group_commit import MOST
from adapters.shared_commits import Answers, Portion
from adapters.stores import AnyLog
from domain.errors import CommandIdReused, Conflict, Damaged, Unavailable
from domain.event_log import Receipt
from tests.adapters.log_entries import accepted, decision, redaction
from tests.adapters.sqlite_stores import whole


class Held:
    """The one transaction of a store, noted, and held back until it is let go; then it may fail in its place."""

    def __init__(self, write: Callable[[list[Portion]], list[Answers]]) -> None:
        self._write = write
        self.batches: list[list[str]] = []
        self.begun, self.go_on = Event(), Event()
        self.begun_again, self.go_on_again = Event(), Event()
        self.go_on_again.set()
        self.fails: Exception | None = None

    def __call__(self, batch: list[Portion]) -> list[Answers]:
        self.batches.append([each.command_id for portion in batch for each in portion])
        if len(self.batches) == 1:
            self.begun.set()
            assert self.go_on.wait(30)
        else:
            self.begun_again.set()
            assert self.go_on_again.wait(30)
            if self.fails is not None:
                raise self.fails
        return self._write(batch)


@contextmanager
def held(log: AnyLog) -> Iterator[Held]:
    """Hold the transactions of a log back: the first one has begun, and belongs to a command `first`."""
    holding = Held(log._commits._write)
    log._commits._write = holding
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(log.append, [decision("phase:first", command_id="first")])
        assert holding.begun.wait(20)
        try:
            yield holding
        finally:
            holding.go_on.set()
            assert isinstance(first.result(30)[0], Receipt)


async def until_waiting(log: AnyLog, count: int) -> None:
    """Go on when so many callers stand in the line."""
    async with asyncio.timeout(20):
        while len(log._commits._waiting) != count:
            await asyncio.sleep(0.005)


class SharingContract:
    """Group commit, for threads and for tasks of asyncio."""

    def test_tasks_that_come_while_one_commits_share_the_next_commit(self, log: AnyLog) -> None:
        async def story() -> list[Answers]:
            with held(log) as holding:
                tasks = [
                    asyncio.create_task(log.append_soon([decision(f"phase:{n}", command_id=f"c{n}")]))
                    for n in range(50)
                ]
                await until_waiting(log, 50)
                assert log.moment().position == 0, "nothing is there before the commit"
                assert not any(task.done() for task in tasks), "nor is anything answered"
                holding.go_on.set()
                answers = await asyncio.gather(*tasks)
            assert holding.batches == [["first"], [f"c{n}" for n in range(50)]]
            return answers

        answers = asyncio.run(story())
        there = {record.command_id: record.position for record in log.records()}
        for (answer,) in answers:
            assert isinstance(answer, Receipt) and there[answer.command_id] == answer.first
        assert whole(log) == ["first", *(f"c{n}" for n in range(50))]

    def test_threads_and_tasks_stand_in_one_line(self, log: AnyLog) -> None:
        async def story() -> None:
            with held(log) as holding, ThreadPoolExecutor(20) as pool:
                asked: list[Any] = []
                for n in range(20):
                    made = [decision(f"phase:{n}", command_id=f"c{n}")]
                    asked.append(
                        asyncio.create_task(log.append_soon(made))
                        if n % 2
                        else asyncio.wrap_future(pool.submit(log.append, made))
                    )
                    await until_waiting(log, n + 1)
                holding.go_on.set()
                await asyncio.gather(*asked)

        asyncio.run(story())
        assert whole(log) == ["first", *(f"c{n}" for n in range(20))]

    def test_a_conflict_of_one_stays_its_own(self, log: AnyLog) -> None:
        accepted(log, decision("phase:a", command_id="used", fingerprint="f1"))

        async def story() -> list[Answers]:
            with held(log) as holding:
                asked = [
                    decision("phase:b"),
                    decision("phase:a"),
                    decision("phase:c", command_id="used", fingerprint="f2"),
                    decision("phase:b"),
                    decision("phase:d"),
                ]
                tasks = []
                for number, one in enumerate(asked, 1):
                    tasks.append(asyncio.create_task(log.append_soon([one])))
                    await until_waiting(log, number)
                holding.go_on.set()
                answers = await asyncio.gather(*tasks)
            assert len(holding.batches) == 2
            return answers

        answers = [answer for (answer,) in asyncio.run(story())]
        assert [type(answer) for answer in answers] == [Receipt, Conflict, CommandIdReused, Conflict, Receipt]
        assert {record.stream for record in log.records()} == {"phase:a", "phase:first", "phase:b", "phase:d"}
        whole(log)

    def test_one_that_fails_half_way_leaves_the_others_of_its_commit_alone(self, log: AnyLog) -> None:
        accepted(log, decision("phase:a", text="a secret"))
        asked = [
            decision("phase:b", events=2),
            redaction(1, of="phase:a", version=1, erases=[1, 9], command_id="broken"),
            decision("phase:c"),
        ]
        first, broken, last = log.append(asked)
        assert isinstance(broken, Damaged) and "Position 9 holds no text" in broken.message
        assert isinstance(first, Receipt) and isinstance(last, Receipt)
        assert [(first.first, first.last), (last.first, last.last)] == [(2, 3), (4, 4)]
        assert first.recorded_at < last.recorded_at
        assert [record.stream for record in log.records()] == ["phase:a", "phase:b", "phase:b", "phase:c"]
        assert next(log.records()).payload is not None and log.receipt("broken") is None
        with pytest.raises(Damaged):
            log.append([asked[1]])
        whole(log)

    def test_an_error_of_the_shared_commit_reaches_every_caller_and_nothing_is_recorded(self, log: AnyLog) -> None:
        async def story() -> list[object]:
            with held(log) as holding, ThreadPoolExecutor(10) as pool:
                tasks: list[Any] = [asyncio.create_task(log.append_soon([decision(f"phase:{n}")])) for n in range(10)]
                tasks += [asyncio.wrap_future(pool.submit(log.append, [decision(f"phase:{n}")])) for n in range(10, 20)]
                await until_waiting(log, 20)
                holding.fails = Unavailable("the disk of the store is gone")
                holding.go_on.set()
                return [*await asyncio.gather(*tasks, return_exceptions=True)]

        errors = asyncio.run(story())
        assert len(errors) == 20 and all(isinstance(error, Unavailable) for error in errors)
        assert whole(log) == ["first"]

    def test_a_task_cancelled_while_it_waits_is_not_written_for(self, log: AnyLog) -> None:
        async def story() -> None:
            with held(log) as holding:
                tasks = [
                    asyncio.create_task(log.append_soon([decision(f"phase:{n}", command_id=f"c{n}")])) for n in range(3)
                ]
                await until_waiting(log, 3)
                tasks[1].cancel()
                await until_waiting(log, 2)
                holding.go_on.set()
                answers = await asyncio.gather(*tasks, return_exceptions=True)
            assert isinstance(answers[1], asyncio.CancelledError)

        asyncio.run(story())
        assert whole(log) == ["first", "c0", "c2"]

    def test_a_timeout_takes_back_what_was_not_taken_yet(self, log: AnyLog) -> None:
        async def story() -> None:
            with held(log):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await log.append_soon([decision("phase:a")])
                log._commits.timeout_s = 0.1
                with pytest.raises(Unavailable, match="nothing was recorded of this one"):
                    await log.append_soon([decision("phase:a")])

        asyncio.run(story())
        assert whole(log) == ["first"]

    def test_a_task_cancelled_while_its_commit_is_under_way_may_be_recorded_and_repeating_it_tells(
        self, log: AnyLog
    ) -> None:
        asked = decision("phase:a", command_id="late")

        async def story() -> Answers:
            with held(log) as holding:
                holding.go_on_again.clear()
                task = asyncio.create_task(log.append_soon([asked]))
                await until_waiting(log, 1)
                holding.go_on.set()
                assert await asyncio.to_thread(holding.begun_again.wait, 20)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                holding.go_on_again.set()
            return await log.append_soon([asked])

        (answer,) = asyncio.run(story())
        assert isinstance(answer, Receipt) and answer.first == 2
        assert whole(log) == ["first", "late"]

    def test_the_event_loop_goes_on_while_a_commit_is_waited_for(self, log: AnyLog) -> None:
        async def story() -> int:
            beats = 0
            with held(log) as holding:
                task = asyncio.create_task(log.append_soon([decision("phase:a")]))
                for _ in range(20):
                    await asyncio.sleep(0.005)
                    beats += not task.done()
                holding.go_on.set()
                await task
            return beats

        assert asyncio.run(story()) == 20

    def test_beyond_what_may_wait_a_command_is_refused_at_once_and_nothing_of_it_is_recorded(self, log: AnyLog) -> None:
        log.let_wait(2)

        async def story() -> None:
            with held(log) as holding:
                tasks = [asyncio.create_task(log.append_soon([decision(f"phase:{n}")])) for n in range(2)]
                await until_waiting(log, 2)
                for refused in (lambda: log.append_soon([decision("phase:a")]), _in_thread(log)):
                    with pytest.raises(Unavailable, match="2 commands wait to be recorded already"):
                        await refused()
                holding.go_on.set()
                await asyncio.gather(*tasks)

        asyncio.run(story())
        assert len(whole(log)) == 3 and log.heads(["phase:a"])[1] == {}
        accepted(log, decision("phase:a"))

    def test_the_work_of_one_caller_is_cut_so_that_others_get_their_turn(self, log: AnyLog) -> None:
        many = [decision(f"phase:{n}", command_id=f"m{n}") for n in range(2 * MOST.decisions + 1)]

        async def story() -> tuple[Answers, list[list[str]]]:
            with held(log) as holding:
                large = asyncio.create_task(log.append_soon(many))
                await until_waiting(log, 1)
                small = asyncio.create_task(log.append_soon([decision("phase:small", command_id="small")]))
                await until_waiting(log, 2)
                holding.go_on.set()
                await small
                return await large, holding.batches

        answers, batches = asyncio.run(story())
        assert [answer.command_id for answer in answers if isinstance(answer, Receipt)] == [m.command_id for m in many]
        assert all(len(batch) <= MOST.decisions for batch in batches)
        assert "small" in batches[2], "it waits for one commit of the large caller and no more"
        assert batches[1] == [m.command_id for m in many[: MOST.decisions]]
        whole(log)

    def test_a_log_that_is_closed_turns_away_who_waits(self, log: AnyLog) -> None:
        async def story() -> None:
            with held(log) as holding:
                task = asyncio.create_task(log.append_soon([decision("phase:a")]))
                await until_waiting(log, 1)
                log._commits.close()
                with pytest.raises(Unavailable, match="nothing was recorded"):
                    await task
                holding.go_on.set()
            log._end_commits()

        asyncio.run(story())
        assert whole(log) == ["first"]


def _in_thread(log: AnyLog) -> Callable[[], Any]:
    return lambda: asyncio.to_thread(log.append, [decision("phase:a")])

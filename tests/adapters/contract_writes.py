"""What every log promises to those who write."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from domain.errors import CommandIdReused, Conflict
from domain.event_log import EventLog, Receipt
from tests.adapters.log_entries import HOUR, NOON, YEAR, Clock, accepted, decision


class WritesContract:
    """Positions, times, receipts, conflicts, and threads that write at once."""

    def test_an_empty_log_has_no_position(self, log: EventLog) -> None:
        assert log.moment() == (0, None, None)
        assert list(log.records()) == []

    def test_positions_have_no_gaps_and_start_at_one(self, log: EventLog) -> None:
        receipts = [
            *accepted(log, decision("phase:a", events=3)),
            *accepted(log, decision("phase:b"), decision("phase:c", "phase:d", events=2)),
        ]
        assert [(receipt.first, receipt.last) for receipt in receipts] == [(1, 3), (4, 4), (5, 8)]
        assert [record.position for record in log.records()] == list(range(1, 9))

    def test_a_refused_decision_uses_up_no_position(self, log: EventLog) -> None:
        accepted(log, decision("phase:a"))
        log.append([decision("phase:a")])
        assert accepted(log, decision("phase:b"))[0].first == 2

    def test_a_decision_may_write_several_streams_in_the_order_of_its_events(self, log: EventLog) -> None:
        accepted(log, decision("phase:b", "phase:a", events=2))
        places = [(record.stream, record.version) for record in log.records()]
        assert places == [("phase:b", 1), ("phase:b", 2), ("phase:a", 1), ("phase:a", 2)]

    def test_all_events_of_a_command_share_one_recorded_time_that_its_receipt_tells(self, log: EventLog) -> None:
        (receipt,) = accepted(log, decision("phase:a", events=5))
        assert receipt.recorded_at == NOON
        assert {record.recorded_at for record in log.records()} == {NOON}

    @pytest.mark.parametrize("step", [-HOUR, 0, -1], ids=["an hour back", "stuck", "a microsecond back"])
    def test_recorded_time_grows_though_the_clock_does_not(self, log: EventLog, clock: Clock, step: int) -> None:
        recorded = []
        for number in range(4):
            clock.now = NOON + number * step
            recorded.append(accepted(log, decision(f"phase:{number}"))[0].recorded_at)
        assert recorded == [NOON, NOON + 1, NOON + 2, NOON + 3]

    def test_recorded_time_grows_between_the_commands_of_one_call(self, log: EventLog) -> None:
        receipts = accepted(log, decision("phase:a", events=2), decision("phase:b"))
        assert [receipt.recorded_at for receipt in receipts] == [NOON, NOON + 1]

    def test_after_a_year_ahead_recorded_time_goes_on_from_there(self, log: EventLog, clock: Clock) -> None:
        clock.now = NOON + YEAR
        accepted(log, decision("phase:a"))
        clock.now = NOON
        assert accepted(log, decision("phase:b"))[0].recorded_at == NOON + YEAR + 1
        clock.now = NOON + YEAR + HOUR
        assert accepted(log, decision("phase:c"))[0].recorded_at == NOON + YEAR + HOUR

    def test_what_the_clock_said_is_kept_as_it_was(self, log: EventLog, clock: Clock) -> None:
        said = [NOON, NOON - HOUR, NOON + YEAR, NOON + YEAR, NOON]
        for number, clock.now in enumerate(said):
            accepted(log, decision(f"phase:{number}"))
        assert [record.clock for record in log.records()] == said

    def test_a_receipt_can_be_asked_for_later(self, log: EventLog) -> None:
        (receipt,) = accepted(log, decision("phase:a", command_id="one", fingerprint="f1", events=2))
        assert receipt == ("one", 1, 2, NOON, False)
        assert log.receipt("one") == (receipt._replace(repeated=True), "f1")
        assert log.receipt("two") is None

    def test_a_repeated_command_gets_its_first_receipt_and_writes_nothing(self, log: EventLog, clock: Clock) -> None:
        asked = decision("phase:a", command_id="one", events=2)
        (first,) = accepted(log, asked)
        accepted(log, decision("phase:a", after=2))
        before = log.tree()
        clock.now += HOUR
        assert log.append([asked]) == [first._replace(repeated=True)]
        assert log.tree() == before and log.moment().position == 3

    def test_a_command_id_used_for_another_content_is_refused(self, log: EventLog) -> None:
        (first,) = accepted(log, decision("phase:a", command_id="one", fingerprint="f1"))
        (answer,) = log.append([decision("phase:b", command_id="one", fingerprint="f2")])
        assert isinstance(answer, CommandIdReused) and "one" in answer.message
        assert log.moment().position == 1
        assert log.receipt("one") == (first._replace(repeated=True), "f1")

    def test_a_refused_command_is_not_remembered(self, log: EventLog) -> None:
        accepted(log, decision("phase:a"))
        log.append([decision("phase:a", command_id="late", fingerprint="f1")])
        assert log.receipt("late") is None
        accepted(log, decision("phase:a", after=1, command_id="late", fingerprint="f2"))

    def test_a_stream_that_moved_since_it_was_read_is_a_conflict(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=2))
        (answer,) = log.append([decision("phase:a", after=1)])
        assert isinstance(answer, Conflict)
        assert (answer.stream, answer.read, answer.found) == ("phase:a", 1, 2)
        assert log.moment().position == 2

    @pytest.mark.parametrize("read", [0, 1, 3])
    def test_a_stream_that_was_only_read_is_checked_too(self, log: EventLog, read: int) -> None:
        accepted(log, decision("policy", events=2))
        (answer,) = log.append([decision("phase:a", read={"policy": read})])
        assert isinstance(answer, Conflict)
        assert (answer.stream, answer.read, answer.found) == ("policy", read, 2)
        accepted(log, decision("phase:a", read={"policy": 2}))
        assert log.heads(["policy"])[1]["policy"].version == 2, "reading writes nothing"

    def test_a_stream_that_does_not_exist_has_version_zero(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", read={"phase:missing": 0}))
        (answer,) = log.append([decision("phase:b", read={"phase:missing": 1})])
        assert isinstance(answer, Conflict)
        assert (answer.stream, answer.read, answer.found) == ("phase:missing", 1, 0)

    def test_one_refused_decision_leaves_the_others_of_the_call_alone(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", command_id="used", fingerprint="f1"))
        answers = log.append(
            [
                decision("phase:b", events=2),
                decision("phase:a"),
                decision("phase:c", command_id="used", fingerprint="f2"),
                decision("phase:d"),
            ]
        )
        assert [type(answer) for answer in answers] == [Receipt, Conflict, CommandIdReused, Receipt]
        assert [record.stream for record in log.records()] == ["phase:a", "phase:b", "phase:b", "phase:d"]
        assert log.heads_below("phase:")[1].keys() == {"phase:a", "phase:b", "phase:d"}

    def test_of_two_decisions_of_one_call_that_read_the_same_version_the_first_wins(self, log: EventLog) -> None:
        first, second = log.append([decision("phase:a"), decision("phase:a")])
        assert isinstance(first, Receipt) and isinstance(second, Conflict)
        assert (second.read, second.found) == (0, 1)

    def test_a_decision_may_build_on_one_before_it_in_the_same_call(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=2), decision("phase:a", after=2))
        assert [record.version for record in log.stream("phase:a")] == [1, 2, 3]

    def test_the_same_command_twice_in_one_call_is_recorded_once(self, log: EventLog) -> None:
        asked = decision("phase:a", command_id="one")
        other = decision("phase:b", command_id="one", fingerprint="f2")
        first, second, third = log.append([asked, asked, other])
        assert isinstance(first, Receipt) and not first.repeated
        assert second == first._replace(repeated=True)
        assert isinstance(third, CommandIdReused)
        assert log.moment().position == 1

    def test_a_call_with_nothing_to_write_writes_nothing(self, log: EventLog) -> None:
        assert log.append([]) == []
        assert log.moment().position == 0

    def test_what_threads_write_at_once_is_all_acknowledged_and_all_there(self, log: EventLog) -> None:
        threads, turns = 32, 20
        start = Barrier(threads)

        def write(thread: int) -> list[Receipt]:
            start.wait()
            stream = f"phase:{thread}"
            return [accepted(log, decision(stream, after=turn, text=stream))[0] for turn in range(turns)]

        with ThreadPoolExecutor(threads) as pool:
            receipts = [receipt for mine in pool.map(write, range(threads)) for receipt in mine]
        there = {record.position: record for record in log.records()}
        assert sorted(there) == list(range(1, threads * turns + 1))
        assert {receipt.first for receipt in receipts} == set(there)
        for receipt in receipts:
            assert there[receipt.first].command_id == receipt.command_id
            assert there[receipt.first].recorded_at == receipt.recorded_at
        times = [record.recorded_at for record in log.records()]
        assert times == sorted(set(times))

    def test_of_threads_that_decide_on_the_same_version_exactly_one_wins(self, log: EventLog) -> None:
        start = Barrier(16)

        def write(_: int) -> object:
            start.wait()
            return log.append([decision("phase:a")])[0]

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(write, range(16)))
        assert [type(answer) for answer in answers].count(Receipt) == 1
        assert [type(answer) for answer in answers].count(Conflict) == 15
        assert log.moment().position == 1

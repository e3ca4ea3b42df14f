"""What every log promises to those who read."""

from hashlib import sha256

import orjson
import pytest

from domain.actors import Actor
from domain.errors import Damaged, NotFound
from domain.event_log import EventLog, Record
from tests.adapters.log_entries import HOUR, NOON, Clock, accepted, decision

FAR = NOON + 1000 * HOUR


class ReadsContract:
    """Heads, what events say, ranges, and moments."""

    def test_no_position_is_too_large_to_be_asked_for(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=2))
        assert list(log.records(10**30, 10**30)) == [] and len(list(log.records(1, 10**30))) == 2

    def test_heads_tell_the_latest_facts_and_where_they_came_from(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=2, command_id="one"), decision("phase:b", command_id="two"))
        accepted(log, decision("phase:a", after=2, command_id="three"))
        moment, heads = log.heads(["phase:a", "phase:b", "phase:missing"])
        assert moment == (4, NOON + 2, None)
        assert heads == {
            "phase:a": ("phase:a", 3, 4, {"by": "three", "events": 3}),
            "phase:b": ("phase:b", 1, 3, {"by": "two", "events": 1}),
        }

    def test_no_heads_are_a_moment_all_the_same(self, log: EventLog) -> None:
        assert log.heads(["phase:a"]) == ((0, None, None), {})
        accepted(log, decision("phase:a"))
        assert log.heads([]) == ((1, NOON, None), {})

    def test_a_head_keeps_every_kind_of_json(self, log: EventLog) -> None:
        facts = {"ü": ["a", 1, 2.5, None, True], "deep": {"": {}}, "text": "line\n愛"}
        accepted(log, decision("phase:a")._replace(heads={"phase:a": facts}))
        assert log.heads(["phase:a"])[1]["phase:a"].facts == facts

    def test_heads_below_a_prefix_come_in_the_order_of_their_names(self, log: EventLog) -> None:
        names = ["phase:b", "phase:ä", "phase:a", "phase:a-2", "phase", "phase;", "policy", "phase:愛", "phase:A"]
        accepted(log, *(decision(name) for name in names))
        moment, heads = log.heads_below("phase:")
        assert moment.position == len(names)
        assert list(heads) == sorted(name for name in names if name.startswith("phase:"))
        assert list(log.heads_below("")[1]) == sorted(names)
        assert log.heads_below("phase:zzz")[1] == {}

    def test_signs_that_mean_something_to_a_query_mean_nothing_in_a_prefix(self, log: EventLog) -> None:
        accepted(log, decision("phase:a"), decision("phase%"), decision("phas_"))
        assert list(log.heads_below("phase%")[1]) == ["phase%"]
        assert list(log.heads_below("phas_")[1]) == ["phas_"]
        assert log.heads_below("*")[1] == {}

    def test_an_event_is_told_with_its_facts_and_its_text(self, log: EventLog, clock: Clock) -> None:
        clock.now = NOON + HOUR
        accepted(log, decision("phase:a", text="Mixer"), decision("phase:b", events=2, command_id="two"))
        told = log.told([("phase:a", 1), ("phase:b", 2)])
        assert told.keys() == {("phase:a", 1), ("phase:b", 2)}
        first, second = told["phase:a", 1], told["phase:b", 2]
        assert (first.position, first.recorded_at, first.clock) == (1, NOON + HOUR, NOON + HOUR)
        assert (first.topic, first.by, first.facts) == ("phase.retitled", Actor("ada"), {})
        assert first.texts == {"title": "Mixer"}
        assert (second.topic, second.command_id) == ("phase.dependency_added", "two")
        assert (second.facts, second.texts) == ({"on": "st02-other"}, None)
        assert not first.erased and not second.erased
        assert log.told([]) == {}
        for nowhere in (("phase:a", 2), ("phase:c", 1)):
            with pytest.raises(Damaged):
                log.told([("phase:a", 1), nowhere])

    def test_a_record_commits_to_all_that_was_decided(self, log: EventLog) -> None:
        asked = decision("phase:a", text="Mixer")._replace(causation="because", correlation="within")
        accepted(log, asked)
        (record,) = log.records()
        envelope = orjson.loads(record.envelope)
        assert record.envelope == orjson.dumps(envelope, option=orjson.OPT_SORT_KEYS), "one way to write it"
        assert (envelope["causation"], envelope["correlation"]) == ("because", "within")
        assert (envelope["command_id"], envelope["origin"]) == (asked.command_id, log.origin)
        assert (envelope["stream"], envelope["version"]) == (record.stream, record.version) == ("phase:a", 1)
        assert record.salt is not None and record.payload is not None and len(record.salt) == 32
        digest = sha256(record.salt + record.payload).hexdigest()
        assert envelope["payload"] == {"sha256": digest, "size": len(record.payload)}

    def test_no_two_events_share_a_salt(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=5, text="same"), decision("phase:b", events=5, text="same"))
        assert len({record.salt for record in log.records()}) == 10

    def test_a_text_of_a_mebibyte_comes_back_whole(self, log: EventLog) -> None:
        text = "0123456789abcdéf" * (1024 * 1024 // 16)
        accepted(log, decision("phase:a", text=text), decision("phase:b", text=""))
        told = log.told([("phase:a", 1), ("phase:b", 1)])
        assert told["phase:a", 1].texts == {"title": text}
        assert told["phase:b", 1].texts == {"title": ""} and not told["phase:b", 1].erased

    def test_a_stream_is_read_in_order_up_to_a_position(self, log: EventLog) -> None:
        for version in range(4):
            accepted(log, decision("phase:a", after=version), decision("phase:b", after=version))
        assert [(r.position, r.version) for r in log.stream("phase:a")] == [(1, 1), (3, 2), (5, 3), (7, 4)]
        upto = {last: [r.position for r in log.stream("phase:a", upto=last)] for last in (0, 4, 5, 6, 99)}
        assert upto == {0: [], 4: [1, 3], 5: [1, 3, 5], 6: [1, 3, 5], 99: [1, 3, 5, 7]}
        assert list(log.stream("phase:missing")) == []

    def test_records_are_read_between_two_positions(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=9))
        ranges = {(2, 4): [2, 3, 4], (9, 9): [9], (8, None): [8, 9], (5, 4): [], (10, None): [], (7, 99): [7, 8, 9]}
        assert {r: [record.position for record in log.records(*r)] for r in ranges} == ranges

    def test_a_long_history_is_read_without_gaps(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=1001), decision("phase:b"), decision("phase:a", after=1001))
        assert [record.position for record in log.records()] == list(range(1, 1004))
        assert [record.version for record in log.stream("phase:a")] == list(range(1, 1003))

    def test_pages_hold_the_columns_that_were_asked_for_and_end_where_tiles_end(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=600, text="words"), decision("phase:b", events=9))
        records = list(log.records())
        for first, last, ends in ((1, 609, [256, 512, 609]), (257, 512, [512]), (250, 257, [256, 257]), (9, 9, [9])):
            pages = list(log.pages(Record._fields, first, last))
            assert [page[-1][0] for page in pages] == ends
            assert [row for page in pages for row in page] == records[first - 1 : last]
        assert list(log.pages(("leaf", "version"), 2, 3)) == [[(r.leaf, r.version) for r in records[1:3]]]
        assert list(log.pages(("leaf",), 610, 700)) == [[]], "what is not there is in no page"
        assert list(log.pages(("leaf",), 3, 2)) == []

    def test_all_heads_are_those_below_nothing(self, log: EventLog) -> None:
        assert log.all_heads() == log.heads_below("") and log.all_heads()[0].position == 0
        accepted(log, decision("phase:b", events=2), decision("phase:a"), decision("other"))
        moment, heads = log.all_heads()
        assert (moment, dict(heads)) == log.heads_below("") and len(heads) == 3
        assert list(heads) == ["other", "phase:a", "phase:b"] and "phase:c" not in heads

    def test_what_is_appended_while_somebody_reads_does_not_upset_the_reading(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=600))
        reading, following = log.records(), log.stream("phase:a")
        assert (next(reading).position, next(following).version) == (1, 1)
        accepted(log, decision("phase:a", after=600, events=3))
        assert [record.position for record in reading] == list(range(2, 601))
        assert [record.version for record in following] == list(range(2, 601))

    def test_a_moment_tells_its_time_and_the_next_one(self, log: EventLog, clock: Clock) -> None:
        accepted(log, decision("phase:a", events=2))
        clock.now = NOON + HOUR
        accepted(log, decision("phase:b"))
        moments = [log.moment(position) for position in range(4)]
        assert moments == [
            (0, None, NOON),
            (1, NOON, NOON),
            (2, NOON, NOON + HOUR),
            (3, NOON + HOUR, None),
        ]
        assert log.moment() == moments[3]

    @pytest.mark.parametrize("position", [3, 4, 1_000_000, -1])
    def test_there_is_no_moment_beyond_the_end(self, log: EventLog, position: int) -> None:
        accepted(log, decision("phase:a", events=2))
        with pytest.raises(NotFound, match=r"ends at position 2.* no position"):
            log.moment(position)

    def test_a_time_is_the_last_position_not_after_it(self, log: EventLog, clock: Clock) -> None:
        for number, events in enumerate([2, 1, 3]):
            clock.now = NOON + number * HOUR
            accepted(log, decision(f"phase:{number}", events=events))
        asked = {
            0: 0,
            NOON - 1: 0,
            NOON: 2,
            NOON + 1: 2,
            NOON + HOUR - 1: 2,
            NOON + HOUR: 3,
            NOON + HOUR + 1: 3,
            NOON + 2 * HOUR - 1: 3,
            NOON + 2 * HOUR: 6,
            FAR: 6,
        }
        assert {at: log.moment_at(at).position for at in asked} == asked
        assert log.moment_at(NOON + 5) == (2, NOON, NOON + HOUR)
        assert log.moment_at(NOON - 5) == (0, None, NOON)
        assert log.moment_at(FAR) == log.moment()

    def test_every_time_finds_its_position_in_a_long_log(self, log: EventLog, clock: Clock) -> None:
        receipts = []
        for number in range(150):
            clock.now += number % 7
            receipts += accepted(log, decision(f"phase:{number}", events=1 + number % 3))
        assert [log.moment_at(receipt.recorded_at).position for receipt in receipts] == [r.last for r in receipts]
        before = [0, *(receipt.last for receipt in receipts[:-1])]
        assert [log.moment_at(receipt.recorded_at - 1).position for receipt in receipts] == before

    def test_an_empty_log_has_no_time(self, log: EventLog) -> None:
        assert log.moment_at(FAR) == (0, None, None)
        assert log.moment(0) == (0, None, None)
        with pytest.raises(NotFound):
            log.moment(1)

    def test_the_commands_are_listed_by_id_with_the_positions_they_wrote(self, log: EventLog) -> None:
        assert list(log.commands()) == []
        accepted(log, decision("phase:a", command_id="b", events=3), decision("phase:b", command_id="a"))
        accepted(log, *(decision(f"phase:{number}", command_id=f"c{number:04}") for number in range(1200)))
        assert list(log.commands()) == [
            ("a", 4, 4),
            ("b", 1, 3),
            *((f"c{number:04}", 5 + number, 5 + number) for number in range(1200)),
        ]

    def test_a_log_as_it_was_written_is_sound(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=300), decision("phase:b", text="Mixer"))
        assert log.unsound() == []

"""What every log promises about its snapshots."""

import pytest

from domain.errors import NotFound
from domain.event_log import EventLog, Head
from tests.adapters.log_entries import accepted, decision


def heads(position: int, *names: str) -> dict[str, Head]:
    return {name: Head(name, 1, position, {"ü": ["a", None, {"deep": 2**52}]}) for name in names}


class SnapshotsContract:
    """Kept once, found by position, thrown away as a whole."""

    def test_a_log_without_snapshots_has_none_to_give(self, log: EventLog) -> None:
        assert log.snapshot(10) is None and log.snapshot_positions() == []
        with pytest.raises(NotFound):
            log.snapshot_lines(10)

    def test_the_latest_snapshot_at_or_before_a_position_is_found(self, log: EventLog) -> None:
        for position in (20, 10, 30):
            log.keep_snapshot(position, heads(position, "phase:b", "phase:a"))
        for asked, found in ((9, None), (10, 10), (19, 10), (20, 20), (29, 20), (30, 30), (99, 30)):
            snapshot = log.snapshot(asked)
            assert (snapshot and snapshot.position) == found
            if snapshot:
                assert snapshot.heads == heads(snapshot.position, "phase:a", "phase:b")

    def test_a_position_keeps_its_first_snapshot(self, log: EventLog) -> None:
        log.keep_snapshot(10, heads(1, "phase:a"))
        log.keep_snapshot(10, heads(2, "phase:b"))
        snapshot = log.snapshot(10)
        assert snapshot is not None and snapshot.heads == heads(1, "phase:a")

    def test_the_bytes_of_snapshots_do_not_depend_on_the_order_of_their_streams(self, log: EventLog) -> None:
        log.keep_snapshot(10, heads(1, "phase:b", "phase:a", "policy"))
        log.keep_snapshot(20, heads(1, "policy", "phase:a", "phase:b"))
        first, second = (log.snapshot_lines(position) for position in log.snapshot_positions())
        assert first == second and first.count(b"\n") == 3

    def test_forgotten_snapshots_are_gone_and_events_stay(self, log: EventLog) -> None:
        accepted(log, decision("phase:a", events=3))
        log.keep_snapshot(2, heads(2, "phase:a"))
        log.forget_snapshots()
        assert log.snapshot(99) is None and log.moment().position == 3
        log.keep_snapshot(2, heads(3, "phase:a"))
        assert log.snapshot(2) is not None

    @pytest.mark.parametrize("after", [0, 1, 3, 4])
    def test_a_stream_is_read_from_a_version_on(self, log: EventLog, after: int) -> None:
        accepted(log, decision("phase:a", events=2), decision("phase:b"))
        accepted(log, decision("phase:a", after=2, events=2))
        found = [record.version for record in log.stream("phase:a", after=after)]
        assert found == list(range(after + 1, 5))
        assert [r.version for r in log.stream("phase:a", after=after, upto=4)] == [v for v in found if v <= 3]

    def test_heads_are_replaced_as_a_whole_unless_the_log_has_grown(self, log: EventLog) -> None:
        accepted(log, decision("phase:a"), decision("phase:b"))
        assert not log.replace_heads(1, heads(1, "phase:c"))
        assert list(log.heads_below("")[1]) == ["phase:a", "phase:b"]
        assert log.replace_heads(2, heads(1, "phase:c"))
        assert log.heads_below("") == (log.moment(), heads(1, "phase:c"))

"""When an answer holds."""

from domain.event_log import Moment
from projections.moments import as_of


def test_times_are_rfc_3339_with_six_decimals() -> None:
    assert as_of(Moment(7, 1_795_528_800_000_001, 1_795_528_800_000_010)) == {
        "position": 7,
        "recorded_at": "2026-11-24T14:00:00.000001Z",
        "next_recorded_at": "2026-11-24T14:00:00.000010Z",
    }


def test_before_the_first_and_after_the_last_event_there_is_no_time() -> None:
    assert as_of(Moment(0, None, None)) == {"position": 0, "recorded_at": None, "next_recorded_at": None}

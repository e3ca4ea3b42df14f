"""Going through a history forward and back, whatever is still kept of it."""

from collections.abc import Callable, Iterator
from random import Random

import pytest

from cli import replay_reel
from cli.replay_reel import Reel
from domain.steps import Step
from projections.replay import ReplayRow, replay
from tests.projections.worlds import Story, World

KEPT = 5


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[ReplayRow]:
    """Return many more rows than are kept, with gaps between their positions."""
    monkeypatch.setattr(replay_reel, "KEPT", KEPT)
    found = list(replay(Story(World()).approved_upto(Step.TASKS).world.pairs))
    return [row for row in found if row["position"] % 4]


def reel_of(rows: list[ReplayRow], readings: list[int] | None = None) -> Reel:
    def source(tick: Callable[[], None]) -> Iterator[ReplayRow]:
        if readings is not None:
            readings.append(1)
        for row in rows:
            tick()
            yield row

    return Reel(source, events=len(rows))


def test_it_goes_forward_to_the_end_and_back_to_the_beginning(rows: list[ReplayRow]) -> None:
    reel = reel_of(rows)
    seen = [reel.row]
    while reel.next():
        seen.append(reel.row)
    assert seen == rows and reel.row == rows[-1] and not reel.next()
    back = [reel.row]
    while reel.back():
        back.append(reel.row)
    assert back == rows[::-1] and not reel.back()


def test_a_second_reading_is_needed_only_behind_what_is_kept(rows: list[ReplayRow]) -> None:
    readings: list[int] = []
    reel = reel_of(rows, readings)
    while reel.next():
        pass
    for _ in range(KEPT - 1):
        assert reel.back()
    assert len(readings) == 1
    assert reel.back() and len(readings) == 2


def test_any_way_through_ends_where_a_list_would(rows: list[ReplayRow]) -> None:
    chance, reel, at = Random(7), reel_of(rows), 0
    for _ in range(500):
        match chance.choice(("next", "back", "go", "skip")):
            case "next":
                assert reel.next() == (at + 1 < len(rows))
                at = min(at + 1, len(rows) - 1)
            case "back":
                assert reel.back() == (at > 0)
                at = max(at - 1, 0)
            case "go":
                position = chance.randint(0, rows[-1]["position"] + 2)
                found = next((i for i, row in enumerate(rows) if row["position"] >= position), None)
                assert reel.go(position) == (found is not None)
                at = at if found is None else found
            case "skip":
                topic = chance.choice(rows)["topic"]
                found = next((i for i, row in enumerate(rows) if i > at and row["topic"] == topic), None)
                assert reel.skip(lambda row, topic=topic: row["topic"] == topic) == (found is not None)  # type: ignore[misc]  # mypy knows no default here
                at = at if found is None else found
        assert reel.row == rows[at]


def test_nothing_is_nowhere() -> None:
    reel = reel_of([])
    assert reel.row is None and not reel.next() and not reel.back() and not reel.go(1)

"""Time travel is exact: the state as of a time is the fold of all that was recorded by then, to the microsecond."""

import os
import random
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from adapters.places import places_of
from adapters.sqlite_log import SqliteLog
from adapters.workspace import Workspace
from domain.times import rfc3339
from projections.folding import changes
from tests.properties.busy_log import busy_log
from usecases.moments import resolved
from usecases.project import Project
from usecases.reads import decoded, heads_at, view_of_all
from usecases.recovered import state_digest

EVENTS = 10_000 if os.environ.get("RELIABILITY") == "long" else 1_200
WHOLE = 97
"""Every so many positions the state of all streams is compared, which takes longer with every event."""


class Past(NamedTuple):
    """A log, and the state of every stream after each of its events as one fold gives it."""

    log: SqliteLog
    project: Project
    times: list[int]
    streams: list[str]
    states: dict[str, tuple[list[int], list[Any]]]

    def state(self, stream: str, position: int) -> Any:
        """Return the facts of a stream as of a position, or None before its first event."""
        positions, facts = self.states[stream]
        at = bisect_right(positions, position)
        return facts[at - 1] if at else None


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    folder = tmp_path_factory.mktemp("past")
    with busy_log(folder / "log.db", EVENTS, seed=20261124) as log:
        places = places_of(folder, env={})
        made = Past(log, Project(places, log, Workspace(places)), [], [], {})
        for change in changes(decoded(log.records())):
            made.times.append(change.record.recorded_at)
            made.streams.append(change.record.stream)
            positions, facts = made.states.setdefault(change.record.stream, ([], []))
            positions.append(change.record.position)
            facts.append(change.after.to_facts())
        assert len(made.times) >= EVENTS
        yield made


def test_the_state_as_of_any_time_is_the_fold_of_its_prefix(past: Past) -> None:
    """At the recorded time of every position, and a microsecond before and after it."""
    close = 0
    for position, (time, stream) in enumerate(zip(past.times, past.streams, strict=True), 1):
        for at in (time - 1, time, time + 1):
            moment, _ = resolved(rfc3339(at), past.log)
            expected = bisect_right(past.times, at)
            assert moment.position == expected, (position, at)
            assert moment.recorded_at == (past.times[expected - 1] if expected else None)
            after = past.times[expected] if expected < len(past.times) else None
            assert moment.next_recorded_at == after
            found = heads_at(past.project, [stream], moment).get(stream)
            assert (found.facts if found else None) == past.state(stream, expected), (position, at)
            close += at != time and expected not in (0, len(past.times)) and at in (past.times[expected - 1], after)
    assert close > EVENTS // 4, "the commands were never a microsecond apart"


def test_the_whole_state_as_of_a_position_is_that_of_the_log_then(past: Past) -> None:
    for position in range(1, len(past.times) + 1, WHOLE):
        view = view_of_all(past.project, f"position:{position}")
        then = {stream: past.state(stream, position) for stream in past.states}
        assert {stream: head.facts for stream, head in view.heads.items()} == {
            stream: facts for stream, facts in then.items() if facts is not None
        }


def test_the_digest_of_the_last_state_is_that_of_the_heads(past: Past) -> None:
    last = view_of_all(past.project, f"position:{len(past.times)}").heads
    assert state_digest(last) == state_digest(past.log.heads_below("")[1])


def test_any_time_belongs_to_the_last_command_before_it(past: Past) -> None:
    dice = random.Random(7)
    for _ in range(200):
        at = dice.randint(past.times[0], past.times[-1])
        assert resolved(rfc3339(at), past.log)[0].position == bisect_right(past.times, at)

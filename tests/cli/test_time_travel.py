"""The state at any moment is the fold of what was before it, with snapshots and without."""

from pathlib import Path

import pytest

from adapters.codec import decode
from adapters.sqlite_log import SqliteLog
from domain.event_log import EventLog
from domain.times import rfc3339
from projections.heads import heads_from
from tests.cli.conftest import Answer, Orch, position, the_log
from usecases.snapshotting import keep_due

LOG = Path(".orch/log.db")


@pytest.fixture
def eventful(project: Orch) -> Orch:
    """Return `orch` in a project with two phases that went through a good deal."""
    for phase in ("st01-x", "st02-y"):
        project("spec", phase, "--objectives", "Round trip below 10 ms")
        project("reject", phase, "spec", "--feedback", "How is it measured?")
        project("spec", phase, "--objectives", "Measured by loopback")
        project("approve", phase, "spec")
        project("research", phase, "--foundation", "Callbacks")
        project("approve", phase, "research")
    project("depend", "st02-y", "--on", "st01-x")
    project("reopen", "st01-x", "spec", "--reason", "new facts")
    return project


def with_snapshots(every: int) -> list[int]:
    with the_log(to_write=True) as log:
        for number in range(1, log.moment().position + 1):
            keep_due(log, number, number, every=every)
        return log.snapshot_positions()


def answers(orch: Orch, at: str) -> list[Answer]:
    asked = (("list",), ("next",), ("status", "st01-x"), ("status", "st02-y"), ("why", "st02-y"))
    return [orch(*words, "--at", at, "--json") for words in asked]


def test_snapshots_change_no_answer_at_any_position(eventful: Orch) -> None:
    end = position(eventful)
    plain = [answers(eventful, f"position:{at}") for at in range(end + 1)]
    assert with_snapshots(5) == list(range(5, end + 1, 5))
    assert [answers(eventful, f"position:{at}") for at in range(end + 1)] == plain


def test_a_time_is_the_position_before_it_one_microsecond_before_and_after(eventful: Orch) -> None:
    with the_log() as log:
        times = [record.recorded_at for record in log.records()]
    for time in sorted(set(times)):
        for moment in (time - 1, time, time + 1):
            found = eventful("list", "--at", rfc3339(moment), "--json").data["as_of"]["position"]
            assert found == sum(each <= moment for each in times), moment


def test_the_answer_says_which_moment_it_is_about(eventful: Orch) -> None:
    end = position(eventful)
    first, *_, last = (row["recorded_at"] for row in eventful("audit", "trail", "--json").data["rows"])
    for words in (("list",), ("next",), ("audit", "trail"), ("audit", "population")):
        early = eventful(*words, "--at", "2020-01-01T00:00:00Z")
        assert f"before all events; the next event was recorded {first}" in early.err
        late = eventful(*words, "--at", "2200-01-01T00:00:00Z")
        assert f"as of position {end}, recorded {last}; nothing was recorded since" in late.err
        between = eventful(*words, "--at", "position:5").err
        assert "as of position 5, recorded" in between and "the next event was recorded" in between
    assert "as of position" not in eventful("list").err


def test_a_snapshot_is_the_fold_of_what_was_before_it(eventful: Orch) -> None:
    with_snapshots(7)
    with the_log() as log:
        for at in log.snapshot_positions():
            snapshot = log.snapshot(at)
            assert snapshot is not None
            assert snapshot.heads == heads_from((r, decode(r)) for r in log.records(1, at))


def test_the_command_that_reaches_a_round_position_keeps_its_snapshot(project: Orch) -> None:
    with the_log(to_write=True) as log:
        assert _kept(log, 2, 3, every=4) == []
        assert _kept(log, 1, 2, every=2) == [2]
        assert _kept(log, 1, 2, every=2) == [2]


def test_snapshots_after_one_that_is_missing_are_left_to_the_rebuild(eventful: Orch) -> None:
    with the_log(to_write=True) as log:
        assert _kept(log, 10, 10, every=5) == []
        assert _kept(log, 5, 5, every=5) == [5]
        assert _kept(log, 9, 11, every=5) == [5, 10]


@pytest.mark.in_file
def test_a_snapshot_that_cannot_be_read_is_damage_and_says_how_to_mend_it(eventful: Orch) -> None:
    with_snapshots(5)
    with SqliteLog.open(LOG) as log, log._writing() as writer:
        writer.execute("UPDATE snapshots SET heads = zeroblob(20)")
    refused = eventful("list", "--at", "position:8", "--json")
    assert (refused.status, refused.error["fix"]) == (6, ["orch rebuild"])
    assert eventful("list", "--at", "position:4").status == 0


def _kept(log: EventLog, first: int, last: int, *, every: int) -> list[int]:
    keep_due(log, first, last, every=every)
    return log.snapshot_positions()

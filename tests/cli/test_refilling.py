"""A log made anew from its events is the same log; one that could not be finished is not there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.sqlite_log import SqliteLog
from adapters.stored_events import StoredEvent, stored
from domain.errors import AlreadyExists, Damaged
from domain.event_log import EventLog
from tests.adapters.sqlite_stores import whole
from tests.cli.conftest import Orch
from tests.cli.verified_world import LOG, World, keep, many, world
from usecases.refilling import refill

pytestmark = pytest.mark.in_file

__all__ = ["keep", "world"]  # fixtures


def events_of(log: EventLog, upto: int | None = None) -> Iterator[StoredEvent]:
    return (stored(record) for record in log.records(1, upto))


def test_a_refilled_log_says_what_the_first_one_says(world: World, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with SqliteLog.open(LOG, read_only=True) as log:
        head = refill(copy, log.origin, events_of(log))
        with SqliteLog.open(copy) as other:
            assert head == other.tree() == log.tree() and other.origin == log.origin
            assert list(other.records()) == list(log.records())
            assert list(other.commands()) == list(log.commands())
            assert other.heads_below("") == log.heads_below("")
            assert other.tile(0, 0) == log.tile(0, 0) is not None
            assert whole(other)


@pytest.mark.parametrize("upto", [0, 1, 9, 255, 256, 257])
def test_a_prefix_is_the_log_as_it_was(world: World, tmp_path: Path, upto: int) -> None:
    with SqliteLog.open(LOG, read_only=True) as log:
        refill(tmp_path / "copy.db", log.origin, events_of(log, upto))
        with SqliteLog.open(tmp_path / "copy.db", read_only=True) as other:
            assert list(other.records()) == list(log.records(1, upto))
            assert other.unsound() == []


def test_many_full_tiles_are_made_as_the_log_makes_them(project: Orch, tmp_path: Path) -> None:
    with SqliteLog.open(LOG) as log:
        log.append([many("st02-many", 3000)])
        head = refill(tmp_path / "copy.db", log.origin, events_of(log))
        with SqliteLog.open(tmp_path / "copy.db", read_only=True) as other:
            assert head == log.tree()
            assert [other.tile(0, n) for n in range(12)] == [log.tile(0, n) for n in range(12)]
            assert other.hashes(1, 0, 20) == log.hashes(1, 0, 20)


def test_a_log_that_cannot_be_finished_leaves_nothing(world: World, tmp_path: Path) -> None:
    def broken(log: EventLog) -> Iterator[StoredEvent]:
        yield from events_of(log, 20)
        yield StoredEvent(1, 1, b"{}", None, None)

    folder = tmp_path / "new"
    folder.mkdir()
    with SqliteLog.open(LOG, read_only=True) as log, pytest.raises(Damaged):
        refill(folder / "log.db", log.origin, broken(log))
    assert list(folder.iterdir()) == []


def test_no_log_is_replaced(world: World) -> None:
    with SqliteLog.open(LOG, read_only=True) as log, pytest.raises(AlreadyExists):
        refill(LOG, log.origin, events_of(log))
    assert world.verify().status == 0

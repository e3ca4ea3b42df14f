"""A long log is folded by another process while its rows are written: the same store comes out, or the same refusal."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest

from adapters.places import places_of
from adapters.sqlite_log import SqliteLog
from domain.errors import Damaged, Refusal
from domain.event_log import Snapshot
from tests.adapters.sqlite_stores import whole
from tests.cli.verified_world import LOG, World, keep, world
from usecases import beside, fold_here, refolding
from usecases.fold_beside import FoldBeside
from usecases.recover_rows import rows_and_fold, without_texts
from usecases.recover_sources import Store
from usecases.refilling import write_rows

pytestmark = pytest.mark.in_file

__all__ = ["keep", "world"]  # fixtures

EVERY = 100


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let another process fold even a short log; both keep a snapshot as seldom as ever."""
    monkeypatch.setattr(beside, "ENOUGH", 1)


def made(path: Path, *, meddle: Any = None) -> None:
    """Make the log anew at a path. `meddle` may do something to the fold before it is asked for its heads."""
    with SqliteLog.open(LOG, read_only=True) as log:
        source = Store(places_of(Path(), env={}), log)
        with rows_and_fold(source, source.size) as (pages, fold):
            assert isinstance(fold, FoldBeside)
            write_rows(path, log.origin, pages, fold, done=lambda _: meddle and meddle(fold))


def assert_the_same(path: Path) -> None:
    with SqliteLog.open(LOG, read_only=True) as log, SqliteLog.open(path, read_only=True) as other:
        assert list(other.records()) == list(log.records())
        assert other.tree() == log.tree() and other.all_heads() == log.all_heads()
        assert list(other.commands()) == list(log.commands())
        assert other.unsound() == []
        assert whole(other)


def test_another_process_folds_what_is_written(world: World, tmp_path: Path) -> None:
    made(tmp_path / "log.db")
    assert_the_same(tmp_path / "log.db")


def test_a_process_that_is_killed_is_not_needed(world: World, tmp_path: Path) -> None:
    made(tmp_path / "log.db", meddle=lambda fold: os.kill(fold.pid, signal.SIGKILL))
    assert_the_same(tmp_path / "log.db")


def test_without_room_for_another_process_one_does_it_all(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with SqliteLog.open(LOG, read_only=True) as log:
        source = Store(places_of(Path(), env={}), log)
        with rows_and_fold(source, source.size) as (pages, fold):
            assert isinstance(fold, fold_here.FoldHere)
            write_rows(tmp_path / "log.db", log.origin, pages, fold)
    assert_the_same(tmp_path / "log.db")


def test_heads_of_other_bytes_than_those_written_are_not_taken(world: World, tmp_path: Path) -> None:
    """What the other process read was changed between its look and ours."""
    heads: list[str] = []

    def meddle(fold: FoldBeside) -> None:
        fold.wait()
        answer = fold._answer
        if not heads:
            answer["heads"] = [head for head in answer["heads"] if head[0] != "phase:st01-x"]
            answer["read"] = "0" * 64
            heads.extend(head[0] for head in answer["heads"])

    made(tmp_path / "log.db", meddle=meddle)
    assert heads and "phase:st01-x" not in heads
    assert_the_same(tmp_path / "log.db")


def test_snapshots_are_kept_once_each_whoever_folds(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that has told the first snapshot and dies then: the others are made here."""
    monkeypatch.setattr(fold_here, "EVERY", EVERY)
    monkeypatch.setattr(refolding, "EVERY", EVERY)
    here = fold_here.FoldHere()
    with SqliteLog.open(LOG, read_only=True) as log:
        for page in log.pages(fold_here.COLUMNS, 1, log.moment().position):
            here.add_page(page)
    (at, stored), *_ = here.kept()

    def meddle(fold: FoldBeside) -> None:
        os.kill(fold.pid, signal.SIGKILL)
        fold.wait()
        fold._answer = None
        if not fold._given:
            fold._hear([at, stored.hex()])

    made(tmp_path / "log.db", meddle=meddle)
    with SqliteLog.open(tmp_path / "log.db", read_only=True) as other, SqliteLog.open(LOG, read_only=True) as log:
        assert list(other.snapshot_positions()) == [100, 200]
        for position in (100, 200):
            kept, there = log.snapshot(position), other.snapshot(position)
            assert isinstance(kept, Snapshot) and kept == there


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE events SET topic = 'phase.unheard_of' WHERE position = 5", "position 5"),
        ("UPDATE events SET envelope = CAST('{}' AS BLOB) WHERE position = 5", "position 5"),
        ("DELETE FROM events WHERE position = 260", "lacks position 260"),
    ],
)
def test_what_does_not_fold_is_refused_as_it_is_in_one_process(
    world: World, tmp_path: Path, change: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = apsw.Connection(str(LOG))
    for name in [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(change)
    connection.close()
    with pytest.raises(Refusal, match=what) as refused:
        made(tmp_path / "log.db")
    assert isinstance(refused.value, Damaged)
    assert not (tmp_path / "log.db").exists()


def test_texts_that_were_erased_are_not_written(world: World) -> None:
    with SqliteLog.open(LOG, read_only=True) as log:
        pages = list(without_texts(Store(places_of(Path(), env={}), log).rows(world.size), {4}))
        rows = [row for page in pages for row in page]
        assert [row[0] for row in rows if row[8:10] == (None, None)] == [
            record.position for record in log.records() if record.payload is None or record.position == 4
        ]


def test_the_command_uses_it_and_verifies_what_came_out(world: World) -> None:
    data = world.orch("recover", "run", "--to", "now", "--out", "new", "--json").data
    assert data["verification"]["verdict"] == "verified" and data["verification"]["size"] == world.size
    assert_the_same(Path("new/log.db"))

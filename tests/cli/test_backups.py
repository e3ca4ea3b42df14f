"""Backups on the command line: made, listed, checked, restored."""

import shutil
from pathlib import Path

import pytest

from adapters.sqlite_log import SqliteLog
from tests.cli.conftest import Orch, position
from tests.cli.verified_world import LOG, World, keep, world

__all__ = ["keep", "world"]  # fixtures

TARGET = Path(".orch/backups")


def records(path: Path, upto: int | None = None) -> list[object]:
    with SqliteLog.open(path, read_only=True) as log:
        return list(log.records(1, upto))


@pytest.mark.in_file
def test_a_store_comes_back_from_its_backups_alone(world: World, tmp_path: Path) -> None:
    orch = world.orch
    assert orch("backup", "create", "--to", "away").status == 0
    kept, heads = records(LOG), orch("list", "--json").data
    shutil.rmtree(".orch")
    told = orch("backup", "restore", "--from", "away", "--out", "new", "--json").data
    assert told["events"] == world.size and told["as_of"]["position"] == world.size
    assert records(Path("new/log.db")) == kept
    Path("new").rename(".orch")
    assert orch("list", "--json").data == heads
    assert world.verify().status == 0


def test_only_what_is_new_is_added(drafted: Orch) -> None:
    assert drafted("backup", "create", "--json").data["first"] == 1
    nothing = drafted("backup", "create", "--json").data
    assert (nothing["first"], nothing["events"], nothing["files"]) == (None, 0, [])
    drafted("approve", "st01-x", "spec")
    more = drafted("backup", "create", "--json").data
    assert (more["first"], more["last"], more["events"]) == (6, 6, 1)
    (row,) = drafted("backup", "list", "--json").data["rows"]
    assert [(s["first"], s["last"]) for s in row["segments"]] == [(1, 5), (6, 6)]
    assert drafted("backup", "verify").status == 0


@pytest.mark.in_file
def test_a_moment_comes_back_as_a_prefix(world: World) -> None:
    orch = world.orch
    orch("backup", "create")
    whole = records(LOG)
    for upto in (1, 5, 6, world.size - 1, world.size):
        told = orch("backup", "restore", "--out", f"new{upto}", "--to", f"position:{upto}", "--json").data
        assert told["as_of"]["position"] == upto
        assert records(Path(f"new{upto}/log.db")) == whole[:upto]


@pytest.mark.in_file
def test_a_restored_store_is_read_but_takes_no_writes_until_it_is_promoted(
    drafted: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafted("backup", "create", "--to", "away")
    shutil.rmtree(".orch")
    drafted("backup", "restore", "--from", "away", "--out", "new")
    Path(".orch").mkdir()
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("ORCHESTRATOR_STATE_DIR", "new")
        assert drafted("status", "st01-x").status == 0
        refused = drafted("approve", "st01-x", "spec", "--json")
        assert refused.status == 3 and "orch recover promote" in refused.error["fix"][0], refused
    assert drafted("recover", "promote", "new", "--reason", "the disk is gone", "--yes").status == 0
    assert drafted("approve", "st01-x", "spec").status == 0
    assert drafted("backup", "create", "--to", "away").status == 2, "the backups of the log it was forked from"
    assert drafted("backup", "create", "--to", "again").status == 0
    assert drafted("backup", "drill", "--from", "again").status == 0


@pytest.mark.at_the_log("orch backup restore is typed there")
def test_nothing_is_restored_over_anything(drafted: Orch) -> None:
    drafted("backup", "create")
    Path("new").mkdir()
    refused = drafted("backup", "restore", "--out", "new", "--json")
    assert (refused.status, refused.error["code"]) == (3, "ALREADY_EXISTS")
    assert position(drafted) == 5

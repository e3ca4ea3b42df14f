"""After a promotion the backups, and the drills, of the log that was left count for nothing."""

import os
import shlex
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.backup_addresses import place_of_its_own
from adapters.places import find
from adapters.stores import open_log
from adapters.workspace import Workspace
from tests.cli.conftest import Orch
from tests.cli.recovered_world import lived, promoted, recovered
from usecases.backup_freshness import freshness
from usecases.figures import Kept, figures_of
from usecases.project import Project

pytestmark = pytest.mark.in_file

__all__ = ["lived"]  # fixture


@pytest.fixture
def gone_back(lived: Orch) -> Orch:
    """Return `orch` in a project that was backed up, tried, promoted as of position 6, and worked on since."""
    assert lived("backup", "create").status == 0
    assert lived("backup", "drill").status == 0
    recovered(lived, "position:6")
    promoted(lived)
    assert lived("block", "st01-x", "a pause").status == 0
    return lived


def looked_at() -> Kept:
    """Return the figures that `/metrics` and `orch monitor` show."""
    places = find(Path.cwd())
    with open_log(places, read_only=True) as log:
        return figures_of(Project(places, log, Workspace(places)))


def row(orch: Orch, check: str, *words: str) -> Any:
    (found,) = (each for each in orch(*(words or ("doctor",)), "--json").data["rows"] if each["check"] == check)
    return found


def size(orch: Orch) -> int:
    return int(orch("list", "--json").data["as_of"]["position"])


def test_backups_of_the_log_that_was_left_count_for_nothing(gone_back: Orch) -> None:
    events = size(gone_back)
    for words in (("doctor",), ("check", "pre-deploy")):
        found = row(gone_back, "backups", *words)
        assert found["level"] == "warning" and "holds the backups of another log" in found["message"]
        assert f"None of its {events} events is in a backup." in found["message"]
        assert [line.split(" ")[:3] for line in found["fix"]] == [
            ["orch", "config", "set"],
            ["orch", "backup", "create"],
        ]
    assert gone_back("doctor", "--json").data["unshipped_events"] == events
    listed = gone_back("backup", "list", "--json").data
    assert (listed["unshipped"], listed["of_this_log"], listed["drill"]) == (events, False, None)
    assert "that is another log" in gone_back("backup", "list").out
    assert looked_at().figures["unshipped_events"] == events
    places = find(Path.cwd())
    with open_log(places, read_only=True) as log:
        status = freshness(Project(places, log, Workspace(places)))
    assert (status["copies"], status["usable"], status["last"], status["made_at"]) == (1, 0, 0, None)
    assert (status["unshipped"], status["drill"], status["rto_seconds"]) == (events, None, None)


def test_the_lines_of_the_doctor_begin_the_backups_of_the_new_log(gone_back: Orch) -> None:
    for check in ("backups", "drill"):
        fix = row(gone_back, check)["fix"]
        assert fix, check
        for line in fix:
            assert gone_back(*shlex.split(line)[1:]).status == 0, line
    assert row(gone_back, "backups")["message"].endswith("it holds everything.")
    assert row(gone_back, "drill")["level"] == "ok"
    assert looked_at().figures["drill_passed"] == 1
    assert len(list(Path(".orch").glob("backups*"))) == 2, "those of the log that was left stay where they were"


def test_where_the_environment_names_the_backups_that_is_what_changes(
    gone_back: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_BACKUP_DIR", ".orch/backups")
    line, create = row(gone_back, "backups")["fix"]
    name, _, place = line.removeprefix("export ").partition("=")
    monkeypatch.setenv(name, place)
    assert gone_back(*shlex.split(create)[1:]).status == 0
    assert row(gone_back, "backups")["message"].endswith("it holds everything.")


def test_a_drill_counts_for_the_log_that_was_tried(gone_back: Orch) -> None:
    before = Path(".orch/drills.jsonl").read_bytes()
    found = row(gone_back, "drill")
    assert found["message"].startswith("Nobody has tried yet") and "row of the backups" in found["message"]
    assert found["fix"] == [], "a drill would fail"
    tried = gone_back("backup", "drill", "--json")
    assert tried.status == 6 and "holds the backups of another log" in tried.data["why"]
    assert not {"drill_passed", "drill_age_seconds", "rto_seconds"} & looked_at().figures.keys()
    assert row(gone_back, "drill") == found and Path(".orch/drills.jsonl").read_bytes() == before


def test_a_drill_that_names_no_log_counts_until_the_log_is_left(lived: Orch) -> None:
    assert lived("backup", "create").status == 0 and lived("backup", "drill").status == 0
    drills = Path(".orch/drills.jsonl")
    older = orjson.loads(drills.read_bytes())
    del older["origin"]
    drills.write_bytes(orjson.dumps(older) + b"\n")
    assert row(lived, "drill")["level"] == "ok"
    recovered(lived, "now")
    promoted(lived)
    assert row(lived, "drill")["message"].startswith("Nobody has tried yet")


def test_backups_that_are_refused_name_a_place_of_their_own(gone_back: Orch) -> None:
    refused = gone_back("backup", "create", "--json")
    assert refused.status == 2 and os.fspath(Path(".orch/backups").absolute()) in refused.error["message"]
    for line in refused.error["fix"]:
        assert gone_back(*shlex.split(line)[1:]).status == 0, line
    assert row(gone_back, "backups")["message"].endswith("it holds everything.")


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (".orch/backups", ".orch/backups-4ec0ad54"),
        ("/mnt/backups/", "/mnt/backups-4ec0ad54"),
        ("s3://bucket/project", "s3://bucket/project-4ec0ad54"),
        ("s3://bucket", "s3://bucket/4ec0ad54"),
    ],
)
def test_a_place_of_its_own_lies_beside_the_other_one_in_the_same_bucket(words: str, place: str) -> None:
    assert place_of_its_own(words, "example.org/4ec0ad54-09c6-41e6-921b-d5107747b122") == place

"""orch recover plan, diff, point and points: what there is to go back to, and what it would cost."""

from pathlib import Path

import pytest

from tests.cli.conftest import Orch, position
from tests.cli.recovered_world import files_in, lived, recovered

__all__ = ["lived"]  # fixture


def test_a_plan_counts_what_comes_after_and_changes_nothing(lived: Orch) -> None:
    lived("audit", "checkpoint")
    before = files_in(Path())
    plan = lived("recover", "plan", "--to", "position:6", "--json").data
    assert files_in(Path()) == before
    lost = plan["lost"]
    assert (lost["events"], lost["verdicts"], lost["documents"]) == (9, 2, 3)
    assert (lost["phases"], lost["opened_later"]) == (["st01-x", "st02-y"], ["st02-y"])
    assert sum(each["count"] for each in lost["by_topic"]) == 9
    assert plan["as_of"]["position"] == 6 and plan["splits_command"] is False
    assert [(each["kind"], each["usable"]) for each in plan["sources"]] == [("store", True)]
    assert plan["seconds"] >= 0 and plan["checkpoints"] == []
    assert len(lived("recover", "plan", "--to", "now", "--json").data["checkpoints"]) == 1


def test_backups_that_end_earlier_are_named(lived: Orch) -> None:
    lived("backup", "create")
    lived("approve", "st02-y", "research")
    (_, backup) = lived("recover", "plan", "--to", "now", "--json").data["sources"]
    assert (backup["usable"], backup["problem"]) == (False, "It ends at position 15; positions 16 to 16 are not there.")


def test_the_difference_says_what_each_phase_loses(lived: Orch) -> None:
    first, second = lived("recover", "diff", "--to", "position:6", "--json").data["rows"]
    assert (first["phase"], first["vanishes"], first["events"]) == ("st01-x", False, 3)
    (verdict,) = first["verdicts"]
    assert (verdict["step"], verdict["verdict"], verdict["by"]["name"]) == ("research", "rejected", "ada")
    (document,) = first["documents"]
    assert (document["step"], document["iteration"], document["iteration_then"]) == ("research", 1, 0)
    assert (document["state"], document["state_then"]) == ("rejected", "not_started")
    assert (second["phase"], second["vanishes"]) == ("st02-y", True)
    assert lived("recover", "diff", "--to", "now", "--json").data["rows"] == []


def test_plan_and_diff_are_for_people_too(lived: Orch) -> None:
    plan = lived("recover", "plan", "--to", "position:6").out
    assert "9 events" in plan and "nothing was changed" in plan and "st02-y" in plan
    diff = lived("recover", "diff", "--to", "position:6").out
    assert "vanishes" in diff and "research 1 rejected by ada (human)" in diff


def test_a_point_is_found_by_its_name_everywhere(lived: Orch) -> None:
    assert lived("recover", "point", "before-it", "--at", "position:6", "--reason", "to be safe").status == 0
    assert lived("recover", "point", "here").status == 0
    rows = lived("recover", "points", "--json").data["rows"]
    assert [(row["name"], row["position"], row["reason"]) for row in rows] == [
        ("before-it", 6, "to be safe"),
        ("here", 16, None),
    ]
    for read in ("list", "status st01-x", "history st01-x", "next", "audit trail", "show st01-x spec"):
        found = lived(*read.split(), "--at", "point:before-it", "--json")
        assert found.data["as_of"]["position"] == 6, read
    assert recovered(lived, "point:before-it").data["as_of"]["position"] == 6
    assert "before-it" in lived("recover", "points").out


def test_a_point_never_moves(lived: Orch) -> None:
    lived("recover", "point", "here")
    before = position(lived)
    refused = lived("recover", "point", "here", "--json")
    assert (refused.status, refused.error["code"], position(lived)) == (3, "ALREADY_EXISTS", before)


def test_an_unknown_point_names_the_nearest(lived: Orch) -> None:
    lived("recover", "point", "before-it")
    refused = lived("list", "--at", "point:befor-it", "--json")
    assert refused.status == 4 and "before-it" in refused.error["message"]
    assert lived("list", "--at", "point:a b", "--json").status == 2


def test_naming_a_point_may_be_repeated(lived: Orch) -> None:
    first = lived("recover", "point", "here", "--command-id", "once", "--json")
    lived("approve", "st02-y", "research")
    assert lived("recover", "point", "here", "--command-id", "once", "--json").out == first.out
    assert lived("recover", "point", "there", "--command-id", "once", "--json").status == 2


def test_there_may_be_no_points(lived: Orch) -> None:
    assert lived("recover", "points", "--json").data["rows"] == []
    assert "No restore point" in lived("recover", "points").out


@pytest.mark.parametrize("words", ["plan --to now", "diff --to now", "run --to now --out new", "points"])
def test_outside_of_a_project_there_is_nothing_to_recover(orch: Orch, words: str) -> None:
    assert orch("recover", *words.split(), "--json").status == 4


@pytest.mark.parametrize("to", ["2026-11-24T14:00:00", "yesterday", "position:x", "checkpoint:nowhere", "point:"])
def test_a_moment_has_to_be_one(lived: Orch, to: str) -> None:
    for command in ("plan", "diff", "run"):
        out = ("--out", "new") if command == "run" else ()
        assert lived("recover", command, "--to", to, *out, "--json").status == 2
    assert not Path("new").exists()

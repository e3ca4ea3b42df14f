"""orch task sync: a box ticked by hand is progress, never an edit."""

import sys
from io import StringIO
from pathlib import Path

import pytest

from tests.cli.conftest import Orch, position
from tests.cli.test_tasks import FILE, PHASE, ready, rows, worked_on

__all__ = ["ready", "worked_on"]


def tick(*numbers: str, box: str = "x") -> None:
    text = FILE.read_text()
    for number in numbers:
        for other in "xX ":
            text = text.replace(f"[{other}] **{number}", f"[{box}] **{number}")
    FILE.write_text(text)


def test_ticked_boxes_are_recorded_together_in_their_order(worked_on: Orch) -> None:
    tick("T002", "T001")
    before = position(worked_on)
    told = worked_on("task", "sync", PHASE, "--yes", "--json")
    assert (told.data["tasks"], told.data["reopened_tasks"]) == (["T001", "T002"], [])
    assert "[x] T001 Build the mixer" in told.err
    assert position(worked_on) == before + 2
    assert [row["state"] for row in rows(worked_on).values()] == ["done", "done", "open"]
    assert worked_on("task", "sync", PHASE, "--yes").status == 3


def test_away_from_a_terminal_it_shows_what_it_would_record_and_records_nothing(worked_on: Orch) -> None:
    tick("T001")
    before = position(worked_on)
    refused = worked_on("task", "sync", PHASE, "--json")
    assert (refused.status, refused.error["fix"]) == (2, ["orch task sync st01-x --yes"])
    assert "would finish T001" in refused.error["message"]
    assert position(worked_on) == before


def test_an_emptied_box_reopens_its_task(worked_on: Orch) -> None:
    assert worked_on("task", "done", PHASE, "T001").status == 0
    tick("T001", box=" ")
    tick("T002")
    refused = worked_on("task", "sync", PHASE, "--yes")
    assert refused.status == 3 and "T002 waits for T001" in refused.err
    tick("T002", box=" ")
    assert worked_on("task", "sync", PHASE, "--yes").status == 0
    assert "its box is empty" in worked_on("history", PHASE).out
    assert rows(worked_on)["T001"]["state"] == "open"


def test_both_at_once_are_said_in_one_sentence(worked_on: Orch) -> None:
    assert worked_on("task", "done", PHASE, "T001", "T002").status == 0
    tick("T001", box=" ")
    tick("T003")
    told = worked_on("task", "sync", PHASE, "--yes", "--force", "--reason", "T001 clicks")
    assert "st01-x: T003 done; by force, setting aside dependencies; T001 reopened" in told.out


def test_out_of_turn_needs_force_here_too(worked_on: Orch) -> None:
    tick("T003")
    assert worked_on("task", "sync", PHASE, "--yes").status == 3
    assert worked_on("task", "sync", PHASE, "--yes", "--force", "--reason", "hotfix").status == 0
    assert rows(worked_on)["T003"]["forced"] is True


def test_a_repeated_command_id_records_once_whatever_the_boxes_say_by_then(worked_on: Orch) -> None:
    tick("T001")
    words = ("task", "sync", PHASE, "--yes", "--command-id", "once", "--json")
    first = worked_on(*words)
    tick("T002")
    before = position(worked_on)
    again = worked_on(*words)
    assert (again.status, again.out, position(worked_on)) == (0, first.out, before)


def test_boxes_without_an_approved_task_are_left_out(ready: Orch) -> None:
    Path("dev/st01-x").mkdir(exist_ok=True)
    assert ready("task", "sync", PHASE, "--yes").status == 4
    assert ready("tasks", PHASE, "--from", "tasks.yaml").status == 0
    tick("T001")
    told = ready("task", "sync", PHASE, "--yes")
    assert told.status == 3 and "T001: ticked, but not approved; left out." in told.err


@pytest.mark.parametrize("words", [("st09-none",), ("Bad Id",)])
def test_an_unknown_phase_is_refused(worked_on: Orch, words: tuple[str, ...]) -> None:
    assert worked_on("task", "sync", *words, "--yes").status in (2, 4)


def test_at_a_terminal_it_asks(worked_on: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    tick("T001")
    before = position(worked_on)
    for said, status, more in (("n\n", 130, 0), ("y\n", 0, 1)):
        typed = StringIO(said)
        with monkeypatch.context() as terminal:
            terminal.setattr(typed, "isatty", lambda: True)
            terminal.setattr(sys, "stdin", typed)
            terminal.setattr(sys.stderr, "isatty", lambda: True)
            assert worked_on("task", "sync", PHASE).status == status
        assert position(worked_on) == before + more

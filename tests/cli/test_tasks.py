"""orch task: what was approved is worked on, by numbers that stay."""

from pathlib import Path

import pytest

from tests.cli.conftest import Orch, position

PHASE = "st01-x"
FILE = Path("dev/st01-x/tasks.md")
YAML = """\
tasks:
  - {id: T001, title: Build the mixer, estimated_hours: 4, priority: high}
  - {id: T002, title: Write the tests, estimated_hours: 2.5, dependencies: [T001]}
  - {id: T003, title: Write the handbook, dependencies: [T001, T002]}
"""


@pytest.fixture
def ready(drafted: Orch) -> Orch:
    """Return `orch` where everything before the tasks is approved, and tasks.yaml lies there."""
    for step, words in (
        ("research", ("--foundation", "known")),
        ("plan", ("--architecture", "layers")),
        ("prd", ("--goal", "sound")),
    ):
        before = {"research": "spec", "plan": "research", "prd": "plan"}[step]
        assert drafted("approve", PHASE, before).status == 0
        assert drafted(step, PHASE, *words).status == 0
    assert drafted("approve", PHASE, "prd").status == 0
    Path("tasks.yaml").write_text(YAML)
    return drafted


@pytest.fixture
def worked_on(ready: Orch) -> Orch:
    assert ready("tasks", PHASE, "--from", "tasks.yaml").status == 0
    assert ready("approve", PHASE, "tasks").status == 0
    return ready


def rows(orch: Orch, *words: str) -> dict[str, dict[str, object]]:
    return {row["number"]: row for row in orch("task", "list", PHASE, *words, "--json").data["rows"]}


def test_the_list_says_what_each_task_is_and_whose_turn_it_is(worked_on: Orch) -> None:
    found = rows(worked_on)
    assert found["T002"] == {
        "phase": PHASE,
        "number": "T002",
        "title": "Write the tests",
        "state": "open",
        "ready": False,
        "waits_for": ["T001"],
        "depends_on": ["T001"],
        "assignee": None,
        "by": None,
        "since": None,
        "note": None,
        "forced": False,
        "hours": 2.5,
        "priority": None,
    }
    assert (found["T001"]["ready"], found["T001"]["hours"], found["T001"]["priority"]) == (True, 4, "high")
    text = worked_on("task", "list", PHASE).out
    assert "0 of 3 done, 1 ready" in text and "waits for T001, T002" in text


def test_before_the_approval_there_is_nothing_to_work_on(ready: Orch) -> None:
    assert ready("tasks", PHASE, "--from", "tasks.yaml").status == 0
    assert "nothing to work on yet: the tasks document is awaiting approval" in ready("task", "list", PHASE).out
    assert "No phase has an approved tasks document yet" in ready("task", "list").out
    assert ready("task", "start", PHASE, "T001").status == 3


def test_starting_and_finishing_shows_everywhere(worked_on: Orch) -> None:
    started = worked_on("task", "start", PHASE, "1", "--json").data
    assert (started["tasks"], [event["topic"] for event in started["events"]]) == (["T001"], ["phase.task_started"])
    assert "T001 is being worked on by ada: Build the mixer" in worked_on("next").out
    done = worked_on("task", "done", PHASE, "T001", "--note", "2 ms")
    assert "st01-x: T001 done" in done.out and "orch task start st01-x T002" in done.out
    status = worked_on("status", PHASE, "--json").data
    assert status["tasks"] == {"iteration": 1, "total": 3, "done": 1, "started": 0, "ready": 1}
    assert "1 of 3 done, 1 ready" in worked_on("status", PHASE).out
    (row,) = worked_on("list", "--json").data["rows"]
    assert (row["tasks_done"], row["tasks_total"]) == (1, 3)
    step = worked_on("next", "--json").data["rows"][-1]
    assert (step["task"], step["command"]) == ("T002", "orch task start st01-x T002")
    assert step["because"] == "T002 is ready: Write the tests"
    told = worked_on("history", PHASE).out
    assert "started T001" in told and "finished T001" in told and "2 ms" in told
    assert worked_on("audit", "verify").status == 7


def test_several_numbers_are_one_command_and_one_moment(worked_on: Orch) -> None:
    before = position(worked_on)
    assert worked_on("task", "done", PHASE, "T002", "t1", "--command-id", "both").status == 0
    assert position(worked_on) == before + 2
    again = worked_on("task", "done", PHASE, "T002", "t1", "--command-id", "both")
    assert (again.status, position(worked_on)) == (0, before + 2)
    assert worked_on("task", "done", PHASE, "T001").status == 3
    refused = worked_on("task", "done", PHASE, "T003", "T009", "--json")
    assert (refused.status, refused.error["code"]) == (4, "NOT_FOUND")
    assert rows(worked_on)["T003"]["state"] == "open"


def test_out_of_turn_needs_force_and_shows_among_the_exceptions(worked_on: Orch) -> None:
    refused = worked_on("task", "start", PHASE, "T003", "--json")
    assert (refused.status, "T001, T002" in refused.error["message"]) == (3, True)
    assert worked_on("task", "start", PHASE, "T003", "--force", "--reason", "hotfix").status == 0
    assert "started T003 out of turn, setting aside dependencies" in worked_on("audit", "exceptions").out
    assert "out of turn" in worked_on("task", "list", PHASE).out


def test_whose_a_task_is(worked_on: Orch) -> None:
    assert worked_on("task", "assign", PHASE, "T001", "T003", "--to", "grace").status == 0
    assert worked_on("task", "start", PHASE, "T001", "--actor", "linus").status == 0
    assert worked_on("task", "done", PHASE, "T001", "--actor", "linus").status == 0
    assert worked_on("task", "start", PHASE, "T002").status == 0
    assert list(rows(worked_on, "--mine")) == ["T002"]
    assert [row["assignee"] for row in rows(worked_on).values()] == ["grace", None, "grace"]
    assert worked_on("task", "assign", PHASE, "T003", "--to-nobody").status == 0
    assert rows(worked_on)["T003"]["assignee"] is None
    for words in ((), ("--to", " "), ("--to", "ada", "--to-nobody")):
        assert worked_on("task", "assign", PHASE, "T003", *words).status == 2


def test_the_list_can_be_narrowed_and_looked_at_in_the_past(worked_on: Orch) -> None:
    before = position(worked_on)
    assert worked_on("task", "done", PHASE, "T001").status == 0
    assert (list(rows(worked_on, "--open")), list(rows(worked_on, "--done"))) == (["T002", "T003"], ["T001"])
    assert list(rows(worked_on, "--ready")) == ["T002"]
    assert list(rows(worked_on, "--ready", "--at", f"position:{before}")) == ["T001"]
    assert worked_on("task", "list", "--done", "--open").status == 2
    assert worked_on("task", "list", "st09-none").status == 4


def test_the_box_of_a_task_follows_it_and_other_boxes_stay_as_they_were_ticked(worked_on: Orch) -> None:
    FILE.write_text(FILE.read_text().replace("[ ] **T003", "[x] **T003"))
    assert worked_on("task", "done", PHASE, "T001").status == 0
    assert "[x] **T001" in FILE.read_text() and "[x] **T003" in FILE.read_text()
    assert worked_on("task", "reopen", PHASE, "T001", "--reason", "it clicks").status == 0
    assert "[ ] **T001" in FILE.read_text()
    assert worked_on("status", PHASE, "--json").data["steps"]["tasks"]["state"] == "approved"


@pytest.mark.at_the_log("orch rebuild writes its files there, and a copy follows by orch follow")
def test_a_document_written_anew_shows_what_is_done(worked_on: Orch) -> None:
    assert worked_on("task", "done", PHASE, "T001").status == 0
    FILE.unlink()
    assert worked_on("rebuild").status == 0
    assert "[x] **T001" in FILE.read_text() and "[ ] **T002" in FILE.read_text()
    FILE.write_text(FILE.read_text().replace("[ ] **T002", "[x] **T002"))
    assert worked_on("checkout", PHASE, "tasks").status == 0
    assert "[x] **T001" in FILE.read_text() and "[ ] **T002" in FILE.read_text()
    assert worked_on("checkout", PHASE, "tasks", "--json").error["code"] == "NOTHING_CHANGED"
    assert worked_on("audit", "verify").status == 7


def test_a_new_iteration_keeps_numbers_and_progress(worked_on: Orch) -> None:
    assert worked_on("task", "done", PHASE, "T001", "T002").status == 0
    assert worked_on("reopen", PHASE, "tasks", "--reason", "a limiter is missing").status == 0
    assert (
        worked_on("tasks", PHASE, "--tasks", "Limiter,Write the tests,Build the mixer", "--hours", "1,2,3").status == 0
    )
    text = FILE.read_text()
    assert "- [ ] **T004** Limiter (1 h)" in text and "- [x] **T002** Write the tests (2 h)" in text
    listed = worked_on("task", "list", PHASE)
    assert "the document is awaiting approval; this is iteration 1, approved before" in listed.out
    assert worked_on("approve", PHASE, "tasks").status == 0
    found = rows(worked_on)
    assert [(n, row["state"]) for n, row in found.items()] == [("T004", "open"), ("T002", "done"), ("T001", "done")]
    assert worked_on("task", "start", PHASE, "T003").status == 4
    assert "listed 3 tasks: T004, T002, T001" in worked_on("history", PHASE).out


def test_work_goes_on_after_the_handoff(worked_on: Orch) -> None:
    assert worked_on("handoff", PHASE).status == 0
    assert worked_on("status", PHASE, "--json").data["next_commands"] == ["orch task start st01-x T001"]
    assert worked_on("task", "done", PHASE, "T001").status == 0
    assert "1 of 3 tasks are done" in worked_on("why", PHASE).out
    assert worked_on("archive", PHASE, "--reason", "over").status == 0
    assert worked_on("task", "done", PHASE, "T002").status == 3
    assert worked_on("task", "list").out.startswith("No phase")
    assert [row["state"] for row in rows(worked_on).values()] == ["done", "open", "open"]


def test_what_going_back_would_undo(worked_on: Orch) -> None:
    before = position(worked_on)
    assert worked_on("task", "done", PHASE, "T001").status == 0
    (loss,) = worked_on("recover", "diff", "--to", f"position:{before}", "--json").data["rows"]
    assert loss["tasks"] == [
        {
            "task": "T001",
            "before": "done",
            "after": "open",
            "assignee_before": None,
            "assignee_after": None,
            "undone": True,
        }
    ]
    assert "undone     T001" in worked_on("recover", "diff", "--to", f"position:{before}").out
    assert worked_on("task", "reopen", PHASE, "T001", "--reason", "it clicks").status == 0
    told = worked_on("diff", PHASE, "--from", f"position:{before + 1}", "--to", f"position:{before + 2}").out
    assert "Tasks undone" in told and "T001  done → open" in told


def test_the_text_of_a_task_can_be_erased_and_its_number_and_progress_stay(worked_on: Orch) -> None:
    assert worked_on("task", "done", PHASE, "T001", "--note", "password").status == 0
    at = str(position(worked_on))
    assert worked_on("audit", "redact", at, "--reason", "a password", "--yes").status == 0
    row = rows(worked_on)["T001"]
    assert (row["state"], row["note"], row["title"]) == ("done", None, "Build the mixer")

"""orch workflow: one file, five steps, and every gate on the way."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from adapters.workflow_files import read_workflow
from domain.actors import Actor
from domain.commands import Meta
from domain.documents import Document
from domain.steps import Step, StepState
from tests.api.served import opened
from tests.cli.conftest import Orch, position
from usecases.workflow_run import Run, gone_through

FILE = """\
spec:
  title: Audio engine
  objectives: [Round trip below 10 ms]
research:
  technical_foundation: Known since 1960.
plan:
  architecture_overview: Two layers.
prd:
  mvp_goal: Sound.
tasks:
  tasks:
    - {id: T001, title: Ring buffer, estimated_hours: 4}
"""
STEPS = ("spec", "research", "plan", "prd", "tasks")


@pytest.fixture
def file(project: Orch) -> Path:
    """Return a workflow file in the project's folder."""
    path = Path("w.yaml")
    path.write_text(FILE)
    return path


def run(orch: Orch, *more: str) -> dict[str, Any]:
    said = orch("workflow", "st01-x", "--config", "w.yaml", *more, "--json")
    assert said.status == 0, said
    return said.data


def test_it_stops_at_every_gate_and_goes_on_where_it_stopped(project: Orch, file: Path) -> None:
    for at, step in enumerate(STEPS):
        told = run(project)
        assert (told["complete"], told["waits_for"]["step"], told["waits_for"]["code"]) == (False, step, None)
        assert told["waits_for"]["fix"] == [f"orch approve st01-x {step}"]
        assert [row["step"] for row in told["rows"] if row["drafted"]] == [step]
        before = position(project)
        assert not any(row["drafted"] for row in run(project)["rows"])  # nothing is drafted twice
        assert position(project) == before
        assert [row["state"] for row in told["rows"]][:at] == ["approved"] * at
        assert project("approve", "st01-x", step).status == 0
    assert run(project)["complete"] is True
    assert project("handoff", "st01-x").status == 0


def test_auto_approval_goes_through_and_is_recorded_as_such(project: Orch, file: Path) -> None:
    told = run(project, "--auto-approve")
    assert told["complete"] and all(row["state"] == "approved" for row in told["rows"])
    before = position(project)
    assert run(project, "--auto-approve")["complete"] and position(project) == before
    rows = project("audit", "exceptions", "--json").data["rows"]
    assert [row["step"] for row in rows if row["exception"] == "automatic_approval"] == list(STEPS)
    trail = project("audit", "trail", "--json").data["rows"]
    assert {row["automatic"] for row in trail if row["topic"] == "phase.document_approved"} == {True}
    assert project("status", "st01-x", "--json").data["steps"]["plan"]["automatic"] is True
    assert "automatic" in project("status", "st01-x").out
    assert "approved spec iteration 1 automatically" in project("history", "st01-x").out
    assert project("approve", "st01-x", "spec").status == 3  # and it is an approval like any other


def test_an_agent_cannot_let_itself_through_and_nothing_is_recorded(project: Orch, file: Path) -> None:
    before = position(project)
    said = project("workflow", "st01-x", "--config", "w.yaml", "--auto-approve", "--actor-kind", "agent", "--json")
    assert (said.status, said.error["code"]) == (3, "POLICY_VIOLATION")
    assert position(project) == before and not Path("dev/st01-x").exists()
    said = project("workflow", "st01-x", "--config", "w.yaml", "--actor-kind", "agent", "--json")
    assert said.status == 0 and said.data["waits_for"]["step"] == "spec"  # it may draft


def test_who_writes_may_not_let_itself_through_where_the_policy_says_so(project: Orch, file: Path) -> None:
    assert project("policy", "set", "--author-may-not-approve", "--reason", "four eyes").status == 0
    said = project("workflow", "st01-x", "--config", "w.yaml", "--auto-approve", "--json")
    assert (said.status, said.error["code"]) == (3, "POLICY_VIOLATION")
    run(project)
    told = project("workflow", "st01-x", "--config", "w.yaml", "--auto-approve", "--actor", "grace", "--json")
    assert told.status == 3  # grace approves ada's spec; her own research she may not
    assert told.data["rows"][0]["approved"] and told.data["rows"][1]["drafted"]
    assert told.data["waits_for"]["code"] == "POLICY_VIOLATION"


def test_two_approvers_are_two_runs(project: Orch, file: Path) -> None:
    assert project("policy", "set", "--minimum-approvers", "2", "--reason", "four eyes").status == 0
    told = run(project, "--auto-approve")
    assert told["waits_for"]["step"] == "spec" and "1 of 2 approvals" in told["waits_for"]["message"]
    told = run(project, "--auto-approve", "--actor", "grace")
    assert told["rows"][0]["state"] == "approved" and told["waits_for"]["step"] == "research"


def test_only_the_text_of_the_file_is_approved_unread(project: Orch, file: Path) -> None:
    run(project)
    assert project("spec", "st01-x", "--objectives", "Something else").status == 0
    told = run(project, "--auto-approve")
    assert told["waits_for"]["step"] == "spec" and "not from w.yaml" in told["waits_for"]["message"]
    assert not any(row["approved"] for row in told["rows"])


def test_a_rejected_step_waits_for_other_fields(project: Orch, file: Path) -> None:
    run(project)
    assert project("reject", "st01-x", "spec", "--feedback", "too vague").status == 0
    assert "was rejected" in run(project)["waits_for"]["message"]
    file.write_text(FILE.replace("10 ms", "5 ms"))
    told = run(project)
    assert told["rows"][0] | {"digest": "", "drafted": 0} == {
        "step": "spec",
        "state": "awaiting_approval",
        "iteration": 2,
        "digest": "",
        "drafted": 0,
        "approved": None,
        "checkpoint": None,
        "receipt": None,
    }
    assert "too vague" in project("show", "st01-x", "spec").out


def test_a_file_may_have_some_of_the_steps(project: Orch, file: Path) -> None:
    file.write_text("spec: {objectives: [One]}\n")
    told = run(project, "--auto-approve")
    assert told["waits_for"]["step"] == "research" and "no fields for research" in told["waits_for"]["message"]


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        (FILE.replace("mvp_goal", "mvp_gaol"), "w.yaml, line 9: prd has no field 'mvp_gaol'; did you mean mvp_goal?"),
        (FILE.replace("plan:", "paln:"), "w.yaml, line 6: the file has no field 'paln'; did you mean plan?"),
        (FILE.replace("estimated_hours: 4", "estimated_hours: no"), "w.yaml, line 12: tasks.tasks[0].estimated_hours"),
        (FILE.replace("T001", "T1"), "w.yaml, line 12: tasks.tasks[0].id must look like T001"),
        (FILE.replace("  technical_foundation: Known since 1960.", "  {}"), "w.yaml: research fills in no field"),
        ("phase: st02-y\n" + FILE, "w.yaml is meant for st02-y, not for st01-x"),
        ("", "w.yaml is empty"),
        ("phase: st01-x\n", "w.yaml has fields for no step"),
        ("spec: [\n", "w.yaml, line 2: not YAML"),
    ],
)
def test_a_mistake_anywhere_in_the_file_is_named_and_nothing_is_recorded(
    project: Orch, file: Path, text: str, saying: str
) -> None:
    before = position(project)
    file.write_text(text)
    said = project("workflow", "st01-x", "--config", "w.yaml", "--auto-approve", "--json")
    assert (said.status, said.error["code"]) == (2, "VALIDATION_ERROR")
    assert saying in said.error["message"]
    assert position(project) == before


def test_json_and_toml_say_the_same_as_yaml(project: Orch) -> None:
    fields = {"spec": {"objectives": ["One"]}, "research": {"technical_foundation": "Known."}}
    Path("w.json").write_text(json.dumps(fields, indent=1))
    Path("w.toml").write_text('[spec]\nobjectives = ["One"]\n[research]\ntechnical_foundation = "Known."\n')
    assert project("workflow", "st01-x", "--config", "w.json", "--auto-approve", "--json").data["rows"][1]["drafted"]
    before = position(project)
    assert project("workflow", "st01-x", "--config", "w.toml", "--auto-approve").status == 0
    assert position(project) == before
    Path("w.json").write_text(json.dumps({"spec": {"objectivs": ["One"]}}, indent=1))
    said = project("workflow", "st01-x", "--config", "w.json", "--json")
    assert "w.json, line 3: spec has no field" in said.error["message"]


def test_a_broken_template_of_a_later_step_stops_it_before_the_first(project: Orch, file: Path) -> None:
    own = Path(".orch/templates")
    own.mkdir()
    (own / "plan.md.j2").write_text("# Plan\n{{ d.nope }}\n")
    before = position(project)
    said = project("workflow", "st01-x", "--config", "w.yaml", "--auto-approve", "--json")
    assert (said.status, said.error["code"]) == (2, "TEMPLATE_ERROR") and "line 2" in said.error["message"]
    assert position(project) == before


def test_a_hand_edit_of_a_later_document_stops_it_before_the_first(project: Orch, file: Path) -> None:
    run(project)
    (Path("dev/st01-x") / "prd.md").write_text("# by hand\n")
    before = position(project)
    said = project("workflow", "st01-x", "--config", "w.yaml", "--auto-approve", "--json")
    assert (said.status, said.error["code"]) == (3, "DOCUMENT_EDITED") and position(project) == before


def test_a_reopened_step_is_not_drafted_again_from_the_same_words(project: Orch, file: Path) -> None:
    run(project, "--auto-approve")
    assert project("reopen", "st01-x", "plan", "--reason", "new facts").status == 0
    told = run(project, "--auto-approve")
    assert told["waits_for"]["step"] == "plan" and "reopened" in told["waits_for"]["message"]
    file.write_text(FILE.replace("Two layers", "Three layers"))
    told = run(project, "--auto-approve")
    assert told["rows"][2]["approved"] and told["waits_for"]["step"] == "prd"  # stale: reconfirmed by a person
    assert told["waits_for"]["fix"] == ['orch reconfirm st01-x prd --reason "why it still holds"']


@pytest.mark.at_the_log("through a service it is the token that says the kind")
def test_an_approval_at_no_terminal_says_what_approves(
    project: Orch, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORCHESTRATOR_ACTOR_KIND")
    said = project("workflow", "st01-x", "--config", "w.yaml", "--auto-approve", "--json")
    assert said.status == 2 and "--actor-kind" in said.error["message"]


def begun(*more: str) -> "subprocess.Popen[bytes]":
    """Start a whole run in a process of its own."""
    words = ("workflow", "st01-x", "--config", "w.yaml", "--auto-approve", *more, "--json")
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ, PYTHONPATH=str(Path(__file__).parents[2])),
    )


def topics(orch: Orch) -> list[str]:
    return [row["topic"] for row in orch("history", "st01-x", "--json").data["rows"]]


STEP = ["phase.document_drafted", "phase.approval_requested", "phase.document_approved"]
WHOLE = ["phase.opened", *STEP * 4, STEP[0], "phase.tasks_numbered", *STEP[1:]]


@pytest.mark.parametrize("recorded", [4, 6, 9, 14])
def test_a_run_that_was_killed_goes_on_as_if_nothing_had_been(project: Orch, file: Path, recorded: int) -> None:
    with begun() as process:
        until = monotonic() + 300
        while position(project) < recorded and monotonic() < until:
            sleep(0.002)
        process.kill()
    assert position(project) >= recorded
    assert run(project, "--auto-approve")["complete"]
    assert topics(project) == WHOLE
    for step in STEPS:
        text = project("show", "st01-x", step, "--raw").out
        assert (Path("dev/st01-x") / f"{step}.md").read_text() == text


@pytest.mark.at_the_log("two people act in it, and a token is that of one")
def test_runs_of_the_same_file_at_the_same_time_are_one(project: Orch, file: Path) -> None:
    processes = [begun(*more) for more in ((), (), ("--actor", "grace"), ("--actor", "grace"))]
    for process in processes:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0 and json.loads(out)["data"]["complete"], (out, err)
    assert topics(project) == WHOLE


@pytest.mark.in_file
def test_a_run_that_is_overtaken_after_it_looked_at_a_step_looks_again(project: Orch, file: Path) -> None:
    class Overtaken(Run):
        """A run behind whose first look another one goes through all steps."""

        def _document(self, step: Step) -> Document:
            seen = super()._document(step)
            if seen.state is StepState.NOT_STARTED:
                run(project, "--auto-approve")
            return seen

    with opened(Path()) as there:
        slow = Overtaken(there, slowly, "st01-x", read_workflow("w.yaml", phase="st01-x"), automatic=True)
        assert gone_through(slow).gate is None
    assert topics(project) == WHOLE


def slowly(command_id: str) -> Meta:
    """Return who the slower of two runs is."""
    return Meta(command_id, Actor("ada"), datetime.now(UTC))


def test_automatic_approvals_leave_receipts_where_they_are_asked_for(project: Orch, file: Path) -> None:
    Path(".orch/config.toml").write_text("[receipts]\nwrite = true\n")
    told = run(project, "--auto-approve")
    files = [row["receipt"]["file"] for row in told["rows"]]
    assert all(Path(name).is_file() for name in files) and len({*files}) == len(STEPS)
    unpinned = project("gate", "st01-x", "plan", "--receipt", "--json")
    assert unpinned.status == 2 and "--vkey" in unpinned.error["fix"][1], unpinned
    key = project("audit", "key", "show", "--json").data["key"]
    assert project("gate", "st01-x", "plan", "--receipt", "--vkey", key).status == 0
    assert [row["receipt"] for row in run(project, "--auto-approve")["rows"]] == [None] * len(STEPS)


def test_roles_bind_automatic_approvals_and_those_in_bulk(project: Orch, file: Path) -> None:
    project("policy", "set", "--approver-role", "spec=lead")
    refused = project("workflow", "st01-x", "--config", "w.yaml", "--auto-approve", "--json")
    assert refused.status == 3 and "does not hold the role lead" in refused.error["message"]
    project("spec", "st02-y", "--objectives", "o")
    told = project("batch", "--phases", "st02-y", "--command", "approve spec", "--json")
    (row,) = told.data["rows"]
    assert told.status == 3 and "does not hold the role lead" in row["error"]["message"]

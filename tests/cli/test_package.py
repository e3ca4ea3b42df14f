"""One file for the implementer."""

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.cli.conftest import Orch
from tests.cli.import_world import predecessor, state

DRAFTS = {
    "spec": ("--objectives", "Sound", "--requirements", "Below 10 ms", "--criteria", "No drop-outs"),
    "research": ("--foundation", "Known since 1960."),
    "plan": ("--architecture", "Two layers."),
    "prd": ("--goal", "Sound.", "--out-of-scope", "MIDI"),
    "tasks": ("--tasks", "First,Second", "--hours", "4,6"),
}


@pytest.fixture
def approved(project: Orch) -> Orch:
    for step, words in DRAFTS.items():
        assert project(step, "st01-x", *words).status == 0
        assert project("approve", "st01-x", step, "--actor", "grace").status == 0
    return project


def test_the_package_links_the_texts_with_their_digests_tasks_and_constraints(approved: Orch) -> None:
    assert approved("handoff", "st01-x", "--comments", "over to you").status == 0
    data = approved("package", "st01-x", "--json").data
    text = Path("dev/st01-x/handoff.md").read_text("utf-8")
    steps = approved("status", "st01-x", "--json").data["steps"]
    for step in DRAFTS:
        assert f"| [{step}]({step}.md) | 1 | grace (human) |" in text and steps[step]["digest"] in text
    assert "- [ ] **T001** First (4 h)" in text and "- [ ] **T002** Second (6 h)" in text
    for words in ("### Requirements (from spec)", "- Below 10 ms", "### Out of scope (from prd)", "- MIDI"):
        assert words in text
    assert "Handed off by ada (human)" in text and "> over to you" in text
    assert data["root"] in text and data["origin"] in text
    html = MarkdownIt().enable("table").render(text)
    assert html.count("<table>") == 1 and html.count("<h1>") == 1 and html.count("<h2>") == 4


def test_the_same_phase_gives_the_same_bytes(approved: Orch) -> None:
    first = approved("package", "st01-x", "--json").data
    assert approved("spec", "st02-other", "--objectives", "x").status == 0
    again = approved("package", "st01-x", "--json").data
    assert (first["sha256"], first["package"]) == (again["sha256"], again["package"])
    assert approved("handoff", "st01-x").status == 0
    then = approved("package", "st01-x", "--at", f"position:{first['as_of']['position']}", "-o", "then.md", "--json")
    assert then.data["package"] == first["package"] and "[spec](dev/st01-x/spec.md)" in Path("then.md").read_text()


def test_a_package_of_another_state_replaces_a_file_only_with_yes(approved: Orch) -> None:
    assert approved("package", "st01-x").status == 0 and approved("handoff", "st01-x").status == 0
    refused = approved("package", "st01-x", "--json")
    assert (refused.status, refused.error["code"]) == (3, "ALREADY_EXISTS")
    assert approved("package", "st01-x", "--yes").status == 0


def test_a_phase_with_an_unapproved_step_has_no_package(drafted: Orch) -> None:
    refused = drafted("package", "st01-x", "--json")
    assert refused.status == 3 and refused.error["fix"] == ["orch approve st01-x spec"]
    assert not Path("dev/st01-x/handoff.md").exists()


@pytest.mark.parametrize("place", ["", ".orch/handoff.md", "dev/st01-x/spec.md", "nowhere/handoff.md"])
def test_a_package_goes_to_no_place_of_ours(approved: Orch, place: str) -> None:
    before = Path("dev/st01-x/spec.md").read_bytes()
    assert approved("package", "st01-x", "-o", place, "--yes").status in (2, 8)
    assert Path("dev/st01-x/spec.md").read_bytes() == before


def test_an_imported_claim_is_no_approval_in_the_package(project: Orch) -> None:
    given = {"timestamp": "2025-09-03T10:00:00Z", "iteration": 1, "approved_by": "user"}
    steps = list(DRAFTS)
    found = state(iterations=dict.fromkeys(steps, 1), approvals=dict.fromkeys(steps, given), completedSteps=steps)
    predecessor(Path("there/st01-audio-engine"), found, None, **{step: f"# {step}\n" for step in steps})
    assert project("import", "there", "--yes").status == 0
    assert project("package", "st01-audio-engine").status == 0
    text = Path("dev/st01-audio-engine/handoff.md").read_text("utf-8")
    assert text.count("**imported claim** of user (orchestrator-1)") == 5 and "(human)" not in text

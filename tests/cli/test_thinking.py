"""The derived parts of the documents, through the commands."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.mermaid_grammar import check, diagrams
from tests.cli.conftest import Orch, position

EXAMPLES = Path(__file__).parents[2] / "examples" / "real-time-audio-engine"
STEPS = ("spec", "research", "plan", "prd", "tasks")


def given(orch: Orch, step: str, fields: dict[str, Any], phase: str = "st01-x") -> Any:
    """Draft a step from fields in a file."""
    Path("fields.json").write_text(json.dumps(fields))
    return orch(step, phase, "--from", "fields.json", "--json")


def settled(orch: Orch, *steps: str, phase: str = "st01-x") -> None:
    """Draft steps from the example and approve them."""
    for step in steps:
        assert orch(step, phase, "--from", str(EXAMPLES / f"{step}.yaml")).status == 0
        assert orch("approve", phase, step).status == 0


CIRCLES: list[tuple[str, dict[str, Any], str]] = [
    (
        "plan",
        {"core_components": [{"name": "a", "dependencies": ["b"]}, {"name": "b", "dependencies": ["a"]}]},
        "a → b → a",
    ),
    ("plan", {"internal_dependencies": [{"from": "a", "to": "a"}]}, "a → a"),
    ("plan", {"implementation_phases": [{"name": "a", "dependencies": ["a"]}]}, "a → a"),
    (
        "tasks",
        {
            "tasks": [
                {"id": "T001", "title": "x", "dependencies": ["T002"]},
                {"id": "T002", "title": "y", "dependencies": ["T001"]},
            ]
        },
        "T001 → T002 → T001",
    ),
]


@pytest.mark.parametrize(("step", "fields", "circle"), CIRCLES)
def test_a_circle_is_named_and_nothing_is_recorded(
    project: Orch, step: str, fields: dict[str, Any], circle: str
) -> None:
    settled(project, *STEPS[: STEPS.index(step)])
    before = position(project)
    answer = given(project, step, fields)
    assert answer.status == 2 and answer.error["code"] == "VALIDATION_ERROR"
    assert circle in answer.error["message"]
    assert position(project) == before and not Path(f"dev/st01-x/{step}.md").exists()


def test_the_documents_of_the_example_hold_diagrams_that_are_whole(project: Orch) -> None:
    settled(project, *STEPS)
    drawn = {}
    for step in STEPS:
        found = diagrams(Path(f"dev/st01-x/{step}.md").read_text())
        for diagram in found:
            check(diagram)
        drawn[step] = [diagram.split(maxsplit=1)[0] for diagram in found]
    assert drawn["plan"] == ["flowchart", "flowchart"] and drawn["tasks"] == ["flowchart", "gantt"]


def test_the_same_fields_give_the_same_text(project: Orch) -> None:
    settled(project, *STEPS)
    settled(project, *STEPS, phase="st02-x")
    for step in STEPS:
        one, two = (project("show", phase, step, "--raw").out for phase in ("st01-x", "st02-x"))
        assert one == two.replace("st02-x", "st01-x")


def recorded(orch: Orch, phase: str, step: str) -> dict[str, Any]:
    """Return the facts of the latest draft of a step, from the log itself."""
    import apsw
    import orjson

    with apsw.Connection(".orch/log.db") as connection:
        rows = connection.execute(
            "SELECT envelope FROM events WHERE topic = 'phase.document_drafted' AND stream = ? ORDER BY position",
            (f"phase:{phase}",),
        )
        facts = [orjson.loads(row[0])["facts"] for row in rows]
    found: dict[str, Any] = [each for each in facts if each["step"] == step][-1]
    return found


@pytest.mark.in_file
def test_a_prd_is_derived_from_what_was_approved_and_says_from_which(project: Orch) -> None:
    settled(project, "spec", "research")
    given(project, "plan", {"architecture_overview": "a", "implementation_phases": [{"name": "Old"}]})
    assert given(project, "plan", {"implementation_phases": [{"name": "Foundations"}]}).status == 0
    assert project("approve", "st01-x", "plan").status == 0
    Path("dev/st01-x/plan.md").write_text("# Somebody else's\n")  # files are no part of it
    assert project("prd", "st01-x", "--metrics", "Nobody asks").status == 0
    text = project("show", "st01-x", "prd", "--raw").out
    assert "1. Foundations *(derived from plan, iteration 2)*" in text
    assert "*(derived from spec, iteration 1)*" in text and "- Nobody asks\n" in text
    digests = {step: project("status", "st01-x", "--json").data["steps"][step]["digest"] for step in ("spec", "plan")}
    assert recorded(project, "st01-x", "prd")["derived_from"] == [
        {"step": "spec", "iteration": 1, "digest": digests["spec"]},
        {"step": "plan", "iteration": 2, "digest": digests["plan"]},
    ]
    assert "derived_from" not in recorded(project, "st01-x", "plan")


def test_a_prd_is_derived_from_texts_that_were_edited_by_hand(project: Orch) -> None:
    assert project("spec", "st01-x", "--objectives", "small").status == 0
    file = Path("dev/st01-x/spec.md")
    file.write_text(file.read_text().replace("- small", "- below 8 ms\n- \\# no heading"))
    assert project("edit", "st01-x", "spec").status == 0 and project("approve", "st01-x", "spec").status == 0
    settled(project, "research", "plan")
    assert project("prd", "st01-x").status == 0
    text = project("show", "st01-x", "prd", "--raw").out
    assert "below 8 ms *(derived from spec, iteration 2)*" in text
    assert "- \\# no heading *(derived from spec, iteration 2)*" in text


def test_a_prd_of_nothing_is_refused(project: Orch) -> None:
    assert project("spec", "st01-x", "--title", "X").status == 0 and project("approve", "st01-x", "spec").status == 0
    settled(project, "research")
    assert project("plan", "st01-x", "--architecture", "a").status == 0
    assert project("approve", "st01-x", "plan").status == 0
    before = position(project)
    answer = project("prd", "st01-x", "--json")
    assert answer.status == 2 and "neither spec nor plan" in answer.error["message"]
    assert position(project) == before
    assert project(*answer.error["fix"][0].replace('"', "").split()[1:4], "a goal").status == 0


def test_a_reopened_spec_makes_the_prd_stale(project: Orch) -> None:
    settled(project, *STEPS[:3])
    assert project("prd", "st01-x").status == 0
    assert project("reopen", "st01-x", "spec", "--reason", "new facts").status == 0
    assert project("status", "st01-x", "--json").data["steps"]["prd"]["state"] == "stale"


HALF = {"technical_foundation": "known", "risks": [{"risk": "a"}]}
WHOLE = HALF | {"project_sources": [{"title": "a"}], "alternatives": [{"name": "b"}]}


def test_status_and_show_say_how_complete_a_document_is(project: Orch) -> None:
    settled(project, "spec")
    answer = given(project, "research", HALF)
    assert answer.data["quality"]["missing"] == ["sources", "alternatives"]
    assert (
        "50 % of the required parts, it passes at 80 %; missing: sources, risks"
        in project("research", "st01-x", "--foundation", "known", "--alternatives", '[{"name": "b"}]').out
    )
    assert given(project, "research", HALF).status == 0
    quality = {"score": 50, "mark": 80, "required": None, "missing": ["sources", "alternatives"]}
    steps = project("status", "st01-x", "--json").data["steps"]
    assert steps["research"]["quality"] == quality and steps["spec"]["quality"] is None is steps["plan"]["quality"]
    assert project("show", "st01-x", "research", "--json").data["quality"] == quality
    said = "research 50 % (passes at 80 %), missing: sources, alternatives\n"
    assert f"quality   {said}" in project("status", "st01-x").out
    assert said.replace("research", "quality") in project("show", "st01-x", "research").err
    assert given(project, "research", WHOLE).status == 0
    assert "quality   research 100 %\n" in project("status", "st01-x").out
    assert project("show", "st01-x", "research", "--iteration", "3", "--json").data["quality"]["score"] == 50


def test_a_policy_asks_for_complete_documents(project: Orch) -> None:
    settled(project, "spec")
    assert project("policy", "set", "--minimum-quality-research", "80").status == 0
    assert project("policy", "show", "--json").data["minimum_quality_research"] == 80
    assert given(project, "research", HALF).status == 0
    before = position(project)
    refused = project("approve", "st01-x", "research", "--json")
    assert (refused.status, refused.error["code"]) == (3, "POLICY_VIOLATION")
    assert "missing: sources, alternatives" in refused.error["message"] and position(project) == before
    assert "the policy asks for 80 %" in project("status", "st01-x").out
    draft = 'orch research st01-x --foundation "what is known"'
    assert project("status", "st01-x", "--json").data["next_commands"] == [draft] == [refused.error["fix"][0]]
    why = project("why", "st01-x", "research", "--json").data
    assert "missing: sources, alternatives" in why["missing"][0]["because"] and why["next_commands"] == [draft]
    (row,) = project("next", "--json").data["rows"]
    assert (row["command"], row["role"]) == (draft, "author")
    assert project("list", "--json").data["rows"][0]["next_command"] == draft
    assert project("approve", "st01-x", "research", "--force", "--reason", "release night").status == 0
    (exception,) = [
        row for row in project("audit", "exceptions", "--json").data["rows"] if row["exception"] == "forced"
    ]
    assert exception["broke"] == ["minimum_quality_research"] and exception["reason"] == "release night"


@pytest.mark.at_the_log("through a service it is the token that says the kind")
def test_an_agent_that_guesses_its_kind_is_told_the_words_to_repeat(
    project: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORCHESTRATOR_ACTOR_KIND")
    answer = project("policy", "set", "--minimum-quality-plan", "75", "--author-may-approve", "--json")
    assert answer.status == 2
    assert "orch policy set --author-may-approve --minimum-quality-plan 75" in answer.error["fix"][0]


def test_an_edited_document_is_scored_by_its_sections(project: Orch) -> None:
    settled(project, "spec")
    assert given(project, "research", HALF).status == 0
    file = Path("dev/st01-x/research.md")
    file.write_text(file.read_text() + "\n## Sources\n\n- A book\n")
    assert project("edit", "st01-x", "research").status == 0
    found = project("status", "st01-x", "--json").data["steps"]["research"]["quality"]
    assert (found["score"], found["missing"]) == (75, ["alternatives"])


def test_show_says_what_a_prd_was_derived_from(project: Orch) -> None:
    settled(project, *STEPS[:3])
    assert project("prd", "st01-x").status == 0
    data = project("show", "st01-x", "prd", "--json").data
    assert [(source["step"], source["iteration"]) for source in data["derived_from"]] == [("spec", 1), ("plan", 1)]
    assert f"derived from plan iteration 1, {data['derived_from'][1]['digest']}" in project("show", "st01-x", "prd").err
    assert project("show", "st01-x", "spec", "--json").data["derived_from"] == []

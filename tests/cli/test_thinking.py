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

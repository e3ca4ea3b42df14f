"""What the models refuse, how they say it, and that the published schemas are theirs."""

import io
import json
import re
from pathlib import Path

import pytest

from adapters.input_flags import FLAGS
from adapters.input_models import model_of
from adapters.input_schemas import FOLDER, schema_of, written
from adapters.inputs import fields_for
from domain.errors import InvalidInput
from domain.steps import STEPS, Step

EXAMPLES = Path(__file__).parents[2] / "examples" / "real-time-audio-engine"


def refusal(step: Step, fields: object) -> str:
    with pytest.raises(InvalidInput) as refused:
        fields_for(step, flags={}, file="-", stdin=io.BytesIO(json.dumps(fields).encode()))
    return re.sub(r"^standard input(, line \d+)?: ", "", refused.value.message)


def task(at: int, **more: object) -> dict[str, object]:
    return {"id": f"T{at:03d}", "title": f"Task {at}", **more}


@pytest.mark.parametrize(
    ("step", "fields", "words"),
    [
        ("spec", {"objectivs": ["a"]}, "spec has no field 'objectivs'; did you mean objectives?"),
        ("spec", {"Acceptance Criteria": ["a"]}, "did you mean acceptance_criteria?"),
        ("spec", {"zzz": "", "qqq": None}, "spec has no field 'zzz'; known are title, type"),
        ("spec", {"title": 3}, "title must be text; put 3 in quotes."),
        ("spec", {"title": "a\nb"}, "title must be one line."),
        ("spec", {"title": "a" * 201}, "title must not be longer than 200 characters; it has 201."),
        ("spec", {"type": "Epic"}, "type is one of Foundation, Infrastructure, Feature,"),
        ("spec", {"objectives": "a"}, "objectives must be a list; got 'a'."),
        ("spec", {"objectives": ["a", " "]}, "objectives[1] is empty; fill it in or take it out."),
        ("spec", {"objectives": ["a", None]}, "objectives[1] is empty; fill it in or take it out."),
        ("spec", {"dependencies": ["St01"]}, "dependencies[0] must be the id of a phase"),
        ("spec", {"dependencies": ["st01", "st01"]}, "dependencies holds 'st01' twice."),
        ("spec", {"risks": [{"impact": "high"}]}, "risks[0].risk is missing."),
        ("spec", {"risks": [{"risk": ""}]}, "risks[0].risk is missing."),
        (
            "spec",
            {"risks": [{"risk": "a", "impact": "High"}]},
            "risks[0].impact is one of high, medium, low; got 'High'.",
        ),
        ("spec", {"risks": ["a"]}, "risks[0] must be a table of fields; got 'a'."),
        ("spec", {"methodology_alignment": {"nss": ["a"]}}, "methodology_alignment has no field 'nss'; known are"),
        ("research", {"primary_sources": [{"title": "a", "year": "2011"}]}, "year must be a whole number; got '2011'."),
        ("research", {"primary_sources": [{"title": "a", "accessed": "2026-02-30"}]}, "must be a day like 2026-11-24"),
        ("plan", {"internal_dependencies": [{"form": "a", "to": "b"}]}, "no field 'form'; did you mean from?"),
        (
            "plan",
            {"internal_dependencies": [{"from": a, "to": b} for a, b in ("ab", "bc", "cd", "db")]},
            "internal_dependencies go round in a circle: b → c → d → b.",
        ),
        (
            "plan",
            {"core_components": [{"name": "a", "dependencies": ["b"]}, {"name": "b", "dependencies": ["a"]}]},
            "core_components go round in a circle: a → b → a.",
        ),
        (
            "plan",
            {
                "core_components": [{"name": "a", "dependencies": ["b"]}, {"name": "b"}],
                "internal_dependencies": [{"from": "b", "to": "c"}, {"from": "c", "to": "a"}],
            },
            "core_components and internal_dependencies go round in a circle: a → b → c → a.",
        ),
        (
            "plan",
            {"implementation_phases": [{"name": "Build", "dependencies": ["Desing"]}, {"name": "Design"}]},
            "'Build' depends on 'Desing', which is no implementation phase here; did you mean Design?",
        ),
        ("plan", {"core_components": [{"name": "a"}, {"name": "a"}]}, "two core_components are called 'a'."),
        ("prd", {"feature_matrix": [{"feature": "a", "impact": "high"}]}, "feature_matrix[0].complexity is missing."),
        ("prd", {"key_features": [{"name": "a"}, {"name": "a"}]}, "two key_features are called 'a'."),
        ("tasks", {"tasks": [{"id": "1", "title": "a"}]}, "tasks[0].id must look like T001; got '1'."),
        ("tasks", {"tasks": [task(1), task(1)]}, "two tasks are called 'T001'."),
        ("tasks", {"tasks": [task(1, dependencies=["T002"])]}, "'T001' depends on 'T002', which is no task here;"),
        ("tasks", {"tasks": [task(1, dependencies=["T001"])]}, "task dependencies go round in a circle: T001 → T001."),
        ("tasks", {"tasks": [task(1, estimated_hours=True)]}, "estimated_hours must be a number; got True."),
        ("tasks", {"tasks": [task(1, estimated_hours=-1)]}, "estimated_hours should be greater than 0; got -1."),
        ("tasks", {"resource_allocation": {"developers": 1.5}}, "developers must be a whole number; got 1.5."),
        ("tasks", {"x": 1, "y": 2, "z": 3}, "(and 2 more problems)."),
    ],
)
def test_a_refusal_names_the_place_and_the_cure(step: str, fields: object, words: str) -> None:
    assert words in refusal(Step(step), fields)


def test_a_long_circle_is_named_without_its_middle() -> None:
    tasks = [task(at, dependencies=[f"T{at % 2000 + 1:03d}"]) for at in range(1, 2001)]
    message = refusal(Step.TASKS, {"tasks": tasks})
    assert "circle: T001 → T002" in message and "…" in message and len(message) < 200


@pytest.mark.parametrize("step", STEPS)
def test_the_published_schema_is_the_model_s(step: Step) -> None:
    assert (FOLDER / f"{step}.json").read_text(encoding="utf-8") == written(step), (
        "run: python -m adapters.input_schemas"
    )


@pytest.mark.parametrize("step", STEPS)
def test_every_field_is_described_and_unknown_ones_are_refused(step: Step) -> None:
    schema = schema_of(step)
    parts = [schema, *schema.get("$defs", {}).values()]  # type: ignore[attr-defined]  # JSON
    objects = [part for part in parts if part["type"] == "object"]
    assert objects
    for part in objects:
        assert part["additionalProperties"] is False
        assert all(field.get("description") for field in part["properties"].values())


@pytest.mark.parametrize("step", STEPS)
def test_every_option_fills_a_field_of_the_model(step: Step) -> None:
    assert FLAGS[step]
    for flag in FLAGS[step]:
        assert flag.field in model_of(step).model_fields
        assert flag.help.endswith((".", "?"))


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_example_is_accepted_as_it_is(file: Path) -> None:
    step = Step(file.stem.removesuffix("-first-draft"))
    fields = fields_for(step, flags={}, file=str(file))
    model = model_of(step).model_validate(fields)
    assert model.model_dump(mode="json", exclude_unset=True, by_alias=True) == fields


def test_the_example_says_something_in_every_field() -> None:
    for step in STEPS:
        fields = fields_for(step, flags={}, file=str(EXAMPLES / f"{step}.yaml"))
        names = {field.alias or name for name, field in model_of(step).model_fields.items()}
        assert names - set(fields) <= {"dependencies"}, step

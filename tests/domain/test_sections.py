"""What an edited text says, read back by its headings."""

from typing import Any

import pytest

from domain.sections import fields_of_text
from domain.steps import STEPS, Step
from tests.adapters.rendering import render
from tests.adapters.test_templates import EXAMPLES
from tests.adapters.test_templates import example as text_of


def fields_for(step: Step) -> dict[str, Any]:
    from adapters.inputs import fields_for

    return fields_for(step, flags={}, file=str(EXAMPLES / f"{step}.yaml"))


def test_a_spec_is_read_back_as_it_was_written() -> None:
    fields, found = fields_for(Step.SPEC), fields_of_text(Step.SPEC, text_of(Step.SPEC))
    for name in ("objectives", "requirements", "deliverables", "acceptance_criteria", "success_criteria", "risks"):
        assert found[name] == fields[name]
    assert found["user_stories"][0]["words"].startswith("As a guitarist who monitors through the engine, I want to")
    assert fields_of_text(Step.SPEC, render(Step.SPEC, {"dependencies": ["st00-a"]}).text) == {
        "dependencies": ["st00-a"]
    }


def test_a_plan_is_read_back_as_far_as_derivations_need_it() -> None:
    fields, found = fields_for(Step.PLAN), fields_of_text(Step.PLAN, text_of(Step.PLAN))
    assert [part["name"] for part in found["core_components"]] == [part["name"] for part in fields["core_components"]]
    assert found["external_dependencies"] == fields["external_dependencies"]
    assert found["risk_mitigation"] == fields["risk_mitigation"]
    named = [part["name"] for part in found["implementation_phases"]]
    assert named[:4] == [part["name"] for part in fields["implementation_phases"]]
    assert found["technical_specifications"] == fields["technical_specifications"]


def test_tasks_are_read_back_with_hours_and_priorities() -> None:
    fields, found = fields_for(Step.TASKS), fields_of_text(Step.TASKS, text_of(Step.TASKS).replace("[ ]", "[x]"))
    for task, read in zip(fields["tasks"], found["tasks"], strict=True):
        for name in ("id", "title", "estimated_hours", "priority", "acceptance_criteria"):
            assert read.get(name) == task.get(name)


@pytest.mark.parametrize("words", ["# x", "1. x", "- x", "a|b", "<!-- x", "> x", "[x]: y"])
def test_words_that_were_made_harmless_are_the_words_again(words: str) -> None:
    fields: dict[str, object] = {"objectives": [words], "risks": [{"risk": words, "mitigation": words}]}
    found = fields_of_text(Step.SPEC, render(Step.SPEC, fields).text)
    assert found["objectives"] == [words]
    assert found["risks"][0]["risk"] == words or words == "<!-- x"


def test_a_heading_in_code_is_none_and_an_empty_section_says_nothing() -> None:
    text = (
        "# T\n\n## Objectives\n\n```\n## Requirements\n- a\n```\n\n## Deliverables\n\nprose only\n\n## Unknown\n\n- b\n"
    )
    assert fields_of_text(Step.SPEC, text) == {"objectives": ["a"]}
    for step in STEPS:
        assert fields_of_text(step, "") == fields_of_text(step, "nothing here\n| a |\n") == {}

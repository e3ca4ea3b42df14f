"""How complete a document is, and that an edited text is scored as the fields it was made from."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.inputs import fields_for
from domain.quality import MARKS, PARTS, Quality, quality_of
from domain.sections import fields_of_text
from domain.steps import STEPS, Step
from tests.adapters.rendering import render
from tests.adapters.test_templates import EXAMPLES

RESEARCH = {
    "project_sources": [{"title": "a"}],
    "technical_foundation": "known",
    "alternatives": [{"name": "a"}],
    "risks": [{"risk": "a"}],
}


def example(step: Step) -> dict[str, Any]:
    return fields_for(step, flags={}, file=str(EXAMPLES / f"{step}.yaml"))


@pytest.mark.parametrize("step", STEPS)
def test_the_example_is_complete(step: Step) -> None:
    assert quality_of(step, example(step)) == (Quality(100, ()) if step in MARKS else None)


def test_research_needs_sources_foundation_alternatives_and_risks() -> None:
    assert quality_of(Step.RESEARCH, RESEARCH) == Quality(100, ())
    assert quality_of(Step.RESEARCH, {}) == Quality(0, ("sources", "technical_foundation", "alternatives", "risks"))
    without = {name: value for name, value in RESEARCH.items() if name != "risks"}
    assert quality_of(Step.RESEARCH, without) == Quality(75, ("risks",)) and MARKS[Step.RESEARCH] == 80


def test_every_task_needs_hours_a_priority_and_criteria() -> None:
    whole = {"id": "T001", "title": "a", "estimated_hours": 1, "priority": "low", "acceptance_criteria": ["b"]}
    assert quality_of(Step.TASKS, {"tasks": [whole]}) == Quality(
        50, ("resource_allocation", "quality_gates", "risk_tasks", "definition_of_done")
    )
    found = quality_of(Step.TASKS, {"tasks": [whole, {"id": "T002", "title": "a"}]})
    assert found is not None and found.missing[:3] == ("estimated_hours", "priority", "acceptance_criteria")
    assert quality_of(Step.TASKS, {}) == Quality(0, tuple(PARTS[Step.TASKS]))


@given(step=st.sampled_from(list(MARKS)), data=st.data())
def test_the_score_is_the_share_of_the_parts_that_are_there(step: Step, data: st.DataObject) -> None:
    fields = example(step)
    kept = {name: fields[name] for name in data.draw(st.sets(st.sampled_from(sorted(fields))))}
    found = quality_of(step, kept)
    assert found is not None
    parts = PARTS[step]
    assert found.score == 100 * (len(parts) - len(found.missing)) // len(parts)
    assert set(found.missing) <= set(parts) and (found.score == 100) == (found.missing == ())
    more = quality_of(step, fields)
    assert more is not None and set(more.missing) <= set(found.missing)


@given(step=st.sampled_from(list(MARKS)), data=st.data())
def test_a_text_is_scored_by_its_sections_as_its_fields_are(step: Step, data: st.DataObject) -> None:
    fields = example(step)
    kept = {name: fields[name] for name in data.draw(st.sets(st.sampled_from(sorted(fields))))}
    assert quality_of(step, fields_of_text(step, render(step, kept).text)) == quality_of(step, kept)

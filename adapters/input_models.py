"""Which model judges the fields of a step; only the one asked for is imported."""

from typing import TYPE_CHECKING, assert_never

from domain.steps import Step

if TYPE_CHECKING:
    from adapters.input_common import Part


def model_of(step: Step) -> "type[Part]":
    """Return the pydantic model of a step's fields."""
    match step:
        case Step.SPEC:
            from adapters.input_spec import Spec

            return Spec
        case Step.RESEARCH:
            from adapters.input_research import Research

            return Research
        case Step.PLAN:
            from adapters.input_plan import Plan

            return Plan
        case Step.PRD:
            from adapters.input_prd import Prd

            return Prd
        case Step.TASKS:
            from adapters.input_tasks import Tasks

            return Tasks
        case _:
            assert_never(step)

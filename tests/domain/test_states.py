"""The page about states says what the code does."""

from typing import get_args

from docs.states import (
    PAGE,
    PHASE_COMMANDS,
    STEP_COMMANDS,
    STEP_STATES,
    TASK_COMMANDS,
    page,
    phase_table,
    step_table,
    task_table,
)
from domain.commands import Command
from domain.errors import (
    AlreadyExists,
    PolicyForbidsAutomatic,
    RedactedSince,
    Rejected,
    StoreMoved,
    StoreRecovered,
    StoreRetired,
    StoreUnsettled,
    TokenNeedsPerson,
)
from domain.steps import StepState

OF_OTHERS = (
    AlreadyExists,
    PolicyForbidsAutomatic,
    RedactedSince,
    StoreMoved,
    StoreRecovered,
    StoreRetired,
    StoreUnsettled,
    TokenNeedsPerson,
)
"""What no state of a phase decides: stores do, and whoever runs a workflow."""


def test_the_page_is_what_the_generator_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m docs.states"


def test_every_state_is_looked_at_and_is_what_it_says() -> None:
    for name, row in step_table().items():
        told = {cell.state for cell in row.values() if cell.refusal}
        assert told == {name.split(",")[0]}, "a refused command leaves the state as it was"
    assert {name.split(",")[0] for name in STEP_STATES} == set(StepState)


def test_every_condition_of_a_phase_is_what_it_says() -> None:
    for name, row in phase_table().items():
        assert {cell.state for cell in row.values() if cell.refusal} == {name}


def test_every_state_of_a_task_is_what_it_says() -> None:
    for name, row in task_table().items():
        assert {cell.state for cell in row.values() if cell.refusal} == {name.split(",")[0]}


def test_every_command_about_a_phase_is_tried() -> None:
    tried = {type(ask()) for ask in (*STEP_COMMANDS.values(), *PHASE_COMMANDS.values(), *TASK_COMMANDS.values())}
    assert tried == {command for command in get_args(Command) if "phase" in command._fields}


def test_every_rule_that_refuses_is_on_the_page() -> None:
    text = page()
    for rule in Rejected.__subclasses__():
        assert rule.__name__ in text or rule in OF_OTHERS, rule

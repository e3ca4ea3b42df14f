"""Directives: remembered, numbered, taken back, and by whom."""

import pytest

from domain.errors import (
    InvalidInput,
    NotFound,
    NothingChanged,
    PhaseArchived,
    PolicyNeedsPerson,
    ReasonMissing,
    Rejected,
)
from domain.project import LONGEST, MOST
from domain.project_state import Level, ProjectState
from tests import asks
from tests.facts import PHASE, ROBOT, archived, forgotten, opened, policy, remembered
from tests.stories import given

FORGET = 'orch remember --forget 1 --reason "why it no longer holds"'


def test_a_directive_is_remembered_under_the_next_number() -> None:
    story = given(opened()).when(asks.remember("no clicks", level="critical")).then(remembered(level="critical"))
    story.when(asks.remember("mind it", phase=PHASE)).then(remembered(2, "mind it", phase=PHASE))


def test_a_number_is_never_given_twice() -> None:
    given(remembered(), forgotten()).when(asks.remember()).then(remembered(2))


def test_a_directive_is_taken_back_with_a_reason() -> None:
    given(remembered()).when(asks.forget(1, "done")).then(forgotten(1))
    given(remembered()).when(asks.forget(1, " ")).refused(
        ReasonMissing, FORGET, code="VALIDATION_ERROR", saying="needs a reason"
    )


def test_only_a_directive_in_force_can_be_taken_back() -> None:
    given(remembered(), forgotten()).when(asks.forget()).refused(
        NothingChanged, "orch context", code="NOTHING_CHANGED", saying="was taken back before"
    )
    for number in (0, 2, -1):
        given(remembered()).when(asks.forget(number)).refused(
            NotFound, "orch context", code="NOT_FOUND", saying=f"no directive {number}"
        )


def test_an_agent_takes_back_what_an_agent_said_and_not_what_a_person_said() -> None:
    given(remembered(by=ROBOT)).when(asks.forget(by=ROBOT)).then(forgotten(by=ROBOT))
    given(remembered()).when(asks.forget(by=ROBOT)).refused(
        PolicyNeedsPerson, "orch policy show", code="POLICY_VIOLATION", saying="take back what a person said"
    )
    given(policy(agents_may_not_approve=False), remembered()).when(asks.forget(by=ROBOT)).then(forgotten(by=ROBOT))


def test_a_directive_needs_words_and_not_too_many() -> None:
    given().when(asks.remember(" \n")).refused(
        InvalidInput,
        'orch remember "what must be kept in mind"',
        code="VALIDATION_ERROR",
        saying="needs some words",
    )
    given().when(asks.remember("x" * (LONGEST + 1))).refused(
        InvalidInput, code="VALIDATION_ERROR", saying="at most 4,000 characters, this one has 4,001"
    )
    given().when(asks.remember("x" * LONGEST)).then(remembered(text="x" * LONGEST))


def test_a_directive_is_about_a_phase_that_goes_on() -> None:
    given(opened()).when(asks.remember(phase="st01-audio-engin")).refused(
        NotFound, f"orch status {PHASE}", code="NOT_FOUND", saying="st01-audio-engin"
    )
    given(opened(), archived()).when(asks.remember(phase=PHASE)).refused(
        PhaseArchived, f"orch history {PHASE}", code="WORKFLOW_VIOLATION", saying="read-only"
    )


@pytest.mark.parametrize("forget", [False, True])
def test_there_are_so_many_at_a_time_and_no_more(forget: bool) -> None:
    story = given(*(remembered(number) for number in range(1, MOST + 1)), *((forgotten(5),) if forget else ()))
    if forget:
        story.when(asks.remember()).then(remembered(MOST + 1))
    else:
        story.when(asks.remember()).refused(
            Rejected, FORGET, code="WORKFLOW_VIOLATION", saying="1,000 directives are in force"
        )


def test_a_project_that_never_had_one_says_nothing_of_directives() -> None:
    """A head that an older version wrote is the head of a fold by this one."""
    state = ProjectState("host/project", "key", named=1)
    assert state.to_facts() == {"origin": "host/project", "public_key": "key", "named": 1}
    assert ProjectState.from_facts(state.to_facts()) == state


def test_the_levels_are_in_the_order_of_their_weight() -> None:
    assert list(Level) == ["critical", "warning", "standard", "detail"]

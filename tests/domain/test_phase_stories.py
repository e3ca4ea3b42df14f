"""A phase from its first draft to its archive."""

import pytest

from domain.commands import Command
from domain.errors import (
    AlreadyExists,
    InvalidInput,
    NotFound,
    NothingChanged,
    NothingToJudge,
    NotReadyForHandoff,
    PhaseArchived,
    PhaseHandedOff,
    ReasonMissing,
    StepAlreadyApproved,
    StepNotApproved,
)
from domain.steps import STEPS, Step
from tests import asks
from tests.facts import (
    ALL_DONE,
    GRACE,
    PHASE,
    approved,
    archived,
    blocked,
    done,
    drafted,
    edited,
    handed_off,
    initialised,
    opened,
    policy,
    rejected,
    requested,
    retitled,
    text_of,
    unblocked,
)
from tests.stories import given, nothing

SPEC_HINT = f'orch spec {PHASE} --objectives "what it must achieve"'
REOPEN_SPEC = f'orch reopen {PHASE} spec --reason "what has to change"'


def test_a_log_begins_with_its_project_and_the_rules_in_force() -> None:
    beginning = (initialised(), policy(reason="the rules a project begins with"))
    nothing().when(asks.initialise()).then(*beginning).when(asks.initialise()).refused(
        AlreadyExists, "orch status", code="ALREADY_EXISTS", saying="holds a project already"
    )


def test_nothing_is_drafted_before_there_is_a_project() -> None:
    nothing().when(asks.draft("spec")).refused(NotFound, "orch init", code="NOT_FOUND", saying="no project yet")


def test_a_spec_opens_the_phase_it_names_and_asks_for_a_verdict() -> None:
    given().when(asks.draft("spec")).then(opened(), drafted("spec"), requested("spec"))


def test_a_phase_takes_the_title_it_is_given() -> None:
    text = text_of("spec", title="Sound")
    given().when(asks.draft("spec", title="Sound")).then(
        opened(title="Sound"), drafted("spec", text=text), requested("spec")
    )


def test_a_later_draft_with_another_title_retitles_the_phase() -> None:
    text = text_of("spec", 2, title="Sound")
    given(opened(), drafted("spec"), requested("spec")).when(asks.draft("spec", title="Sound")).then(
        retitled("Sound"), drafted("spec", 2, text=text), requested("spec", 2)
    )


def test_a_draft_uses_the_title_the_phase_has() -> None:
    text = text_of("spec", 2, title="Sound")
    given(opened(), drafted("spec"), requested("spec"), retitled("Sound")).when(asks.draft("spec")).then(
        drafted("spec", 2, text=text), requested("spec", 2)
    )


def test_a_text_written_by_hand_opens_a_phase_too() -> None:
    given().when(asks.edit("spec", "\ufeff# By hand\r\n\r\n")).then(
        opened(), edited("spec", 1, "# By hand\n"), requested("spec")
    )


def test_an_empty_text_is_no_document() -> None:
    given().when(asks.edit("spec", " \n\n")).refused(InvalidInput, code="VALIDATION_ERROR", saying="an empty text")


def test_a_phase_begins_with_its_spec() -> None:
    given().when(asks.draft("plan")).refused(NotFound, SPEC_HINT, code="NOT_FOUND", saying="begins with its spec")


def test_a_step_of_an_unknown_phase_names_the_nearest_one() -> None:
    given(opened()).when(asks.edit("plan", "# Plan", phase="st01-audio-engin")).refused(
        NotFound, f"orch status {PHASE}", code="NOT_FOUND", saying=f"Did you mean {PHASE}?"
    )


@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_drafted_when_every_earlier_one_is_approved(step: Step) -> None:
    given(opened(), *done(*step.earlier)).when(asks.draft(step)).then(drafted(step), requested(step))


def test_a_step_before_its_turn_names_the_missing_approval_and_the_command_that_gives_it() -> None:
    given(opened(), drafted("spec"), requested("spec")).when(asks.draft("research")).refused(
        StepNotApproved,
        f"orch approve {PHASE} spec",
        code="WORKFLOW_VIOLATION",
        saying="research cannot start before spec is approved (spec is awaiting approval)",
    )


def test_the_first_gap_counts_not_the_last() -> None:
    given(opened(), *done("spec")).when(asks.edit("tasks", "# T")).refused(
        StepNotApproved,
        f'orch research {PHASE} --foundation "what is known"',
        code="WORKFLOW_VIOLATION",
        saying="tasks cannot start before research is approved (research is not started)",
    )


def test_a_draft_may_supersede_one_that_still_waits() -> None:
    given(opened(), drafted("spec"), requested("spec")).when(asks.draft("spec")).then(
        drafted("spec", 2), requested("spec", 2)
    )


def test_an_approved_document_is_not_drafted_over() -> None:
    story = given(opened(), *done("spec"))
    for command in (asks.draft("spec"), asks.edit("spec", "# Other")):
        story.when(command).refused(
            StepAlreadyApproved, REOPEN_SPEC, code="WORKFLOW_VIOLATION", saying="spec is approved"
        )


def test_a_rejected_step_opens_the_next_iteration_which_answers_the_feedback() -> None:
    text = text_of("spec", 2, answered=["too vague", "no numbers"])
    given(opened(), drafted("spec"), requested("spec"), rejected("spec", 1, "too vague", "no numbers")).when(
        asks.draft("spec")
    ).then(drafted("spec", 2, text=text, answers=(4,)), requested("spec", 2))


def test_an_edit_that_changes_nothing_is_refused() -> None:
    same = text_of("spec").replace("\n", "\r\n")
    given(opened(), drafted("spec"), requested("spec")).when(asks.edit("spec", same)).refused(
        NothingChanged,
        f"orch approve {PHASE} spec",
        code="NOTHING_CHANGED",
        saying="the file says what iteration 1 of spec says",
    )


def test_ticking_a_box_is_no_edit() -> None:
    boxes = "- [ ] T001\n- [ ] T002\n"
    first_four = done("spec", "research", "plan", "prd")
    given(opened(), *first_four, edited("tasks", 1, boxes), requested("tasks")).when(
        asks.edit("tasks", boxes.replace("[ ]", "[x]", 1))
    ).refused(NothingChanged, f"orch approve {PHASE} tasks", code="NOTHING_CHANGED", saying="iteration 1 of tasks")


def test_a_verdict_can_be_asked_for_again() -> None:
    given(opened(), drafted("spec"), requested("spec")).when(asks.request("spec", by=GRACE)).then(
        requested("spec", by=GRACE)
    )


def test_no_verdict_is_asked_for_where_none_is_open() -> None:
    given(opened(), *done("spec")).when(asks.request("spec")).refused(
        NothingToJudge, REOPEN_SPEC, code="WORKFLOW_VIOLATION", saying="it is approved"
    ).when(asks.request("plan")).refused(
        NothingToJudge,
        f'orch research {PHASE} --foundation "what is known"',
        code="WORKFLOW_VIOLATION",
        saying="it is not started",
    )


def test_a_phase_is_handed_off_with_its_five_digests() -> None:
    given(opened(), *ALL_DONE).when(asks.hand_off()).then(handed_off())


def test_a_phase_is_not_handed_off_before_its_last_approval() -> None:
    given(opened(), *ALL_DONE[:-1]).when(asks.hand_off()).refused(
        NotReadyForHandoff,
        f"orch approve {PHASE} tasks",
        code="WORKFLOW_VIOLATION",
        saying="tasks is awaiting approval, not approved",
    )


def test_a_blocked_phase_is_not_handed_off_until_the_blocker_is_resolved() -> None:
    given(opened(), *ALL_DONE, blocked("B1"), blocked("B2"), unblocked("B1")).when(asks.hand_off()).refused(
        NotReadyForHandoff,
        f"orch unblock {PHASE} B2",
        code="WORKFLOW_VIOLATION",
        saying="blocked by B2 (resource_unavailable)",
    ).when(asks.unblock("B2")).then(unblocked("B2")).when(asks.hand_off()).then(handed_off())


def test_a_phase_is_handed_off_once() -> None:
    given(opened(), *ALL_DONE, handed_off()).when(asks.hand_off()).refused(
        NothingChanged, f"orch status {PHASE}", code="NOTHING_CHANGED", saying="handed off already"
    )


def test_blockers_are_numbered_and_never_reuse_a_number() -> None:
    given(opened(), blocked("B1"), unblocked("B1")).when(asks.block()).then(blocked("B2"))


def test_a_blocker_is_resolved_once_and_must_exist() -> None:
    given(opened(), blocked("B1"), unblocked("B1")).when(asks.unblock("B1")).refused(
        NothingChanged, f"orch status {PHASE}", code="NOTHING_CHANGED", saying="B1 is resolved already"
    ).when(asks.unblock("B7")).refused(
        NotFound, f"orch status {PHASE}", code="NOT_FOUND", saying="no blocker 'B7' (open: none)"
    )


def test_what_is_handed_off_gets_no_new_blocker_and_no_new_dependency() -> None:
    story = given(opened(), *ALL_DONE, handed_off(), opened(phase="st02-mixer"))
    for command in (asks.block(), asks.depend(), asks.undepend()):
        story.when(command).refused(
            PhaseHandedOff,
            f'orch reopen {PHASE} tasks --reason "what has to change"',
            code="WORKFLOW_VIOLATION",
            saying="has been handed off",
        )


def test_what_is_handed_off_may_still_be_retitled_and_archived() -> None:
    given(opened(), *ALL_DONE, handed_off()).when(asks.retitle("Sound")).then(retitled("Sound")).when(
        asks.archive()
    ).then(archived())


def test_archiving_needs_a_reason() -> None:
    given(opened()).when(asks.archive(" ")).refused(
        ReasonMissing,
        f'orch archive {PHASE} --reason "why it ends here"',
        code="VALIDATION_ERROR",
        saying="Archiving needs a reason",
    )


WRITES = (
    asks.draft("spec"),
    asks.edit("spec", "# Other"),
    asks.request("spec"),
    asks.approve("spec"),
    asks.reject("spec", "too vague"),
    asks.reopen("spec"),
    asks.reconfirm("spec"),
    asks.hand_off(),
    asks.archive(),
    asks.retitle("Sound"),
    asks.depend(),
    asks.depend(PHASE),
    asks.undepend(),
    asks.block(),
    asks.unblock(),
)


@pytest.mark.parametrize("command", WRITES, ids=lambda command: type(command).__name__)
def test_an_archived_phase_is_read_only(command: Command) -> None:
    given(opened(), drafted("spec"), requested("spec"), archived(), opened(phase="st02-mixer")).when(command).refused(
        PhaseArchived, f"orch history {PHASE}", code="WORKFLOW_VIOLATION", saying="archived and read-only"
    )


def test_every_command_about_a_phase_refuses_one_that_does_not_exist() -> None:
    story = given()
    for command in WRITES[2:]:
        story.when(command).refused(NotFound, SPEC_HINT, code="NOT_FOUND", saying=f"There is no phase {PHASE}.")


def test_a_phase_goes_all_the_way() -> None:
    story = given()
    for step in STEPS:
        beginning = (opened(),) if step == "spec" else ()
        story = story.when(asks.draft(step)).then(*beginning, drafted(step), requested(step))
        story = story.when(asks.approve(step)).then(approved(step))
    story.when(asks.hand_off()).then(handed_off())

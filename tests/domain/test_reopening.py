"""An approved step changes only through reopening, and what rests on it becomes stale."""

import pytest

from domain.errors import (
    AlreadyJudged,
    NotReadyForHandoff,
    NotReconfirmable,
    ReasonMissing,
    StepNotApproved,
    StepNotApprovedYet,
)
from tests import asks
from tests.facts import (
    ADA,
    ALL_DONE,
    GRACE,
    LINUS,
    PHASE,
    approved,
    done,
    drafted,
    edited,
    handed_off,
    opened,
    policy,
    reconfirmed,
    rejected,
    reopened,
    requested,
    stale,
    text_of,
)
from tests.stories import given

RESEARCH_AGAIN = f'orch research {PHASE} --foundation "what is known"'
SECOND_SPEC = text_of("spec", 2, answered=["new facts"])
SPEC_AGAIN = (
    drafted("spec", 2, text=SECOND_SPEC, answers=(8,)),
    requested("spec", 2),
    approved("spec", 2, text=SECOND_SPEC),
)
"""After spec and research were approved and the spec reopened."""
GROUND_MOVED = (opened(), *done("spec", "research"), reopened("spec"), stale("research", because="spec", since=8))


def test_reopening_withdraws_the_approval_and_marks_every_later_draft_stale() -> None:
    given(opened(), *done("spec", "research", "plan"), drafted("prd"), requested("prd")).when(asks.reopen("spec")).then(
        reopened("spec"),
        stale("research", because="spec", since=13),
        stale("plan", because="spec", since=13),
        stale("prd", because="spec", since=13),
    )


def test_reopening_leaves_earlier_steps_and_what_was_never_drafted_alone() -> None:
    given(opened(), *done("spec", "research")).when(asks.reopen("research")).then(reopened("research"))


def test_reopening_marks_a_rejected_draft_stale_and_keeps_its_feedback() -> None:
    text = text_of("research", 2, answered=["too vague"])
    given(opened(), *done("spec"), drafted("research"), requested("research"), rejected("research")).when(
        asks.reopen("spec")
    ).then(reopened("spec"), stale("research", because="spec", since=8)).when(asks.draft("spec")).when(
        asks.approve("spec")
    ).when(asks.draft("research")).then(drafted("research", 2, text=text, answers=(7,)), requested("research", 2))


def test_reopening_needs_a_reason() -> None:
    given(opened(), *done("spec")).when(asks.reopen("spec", "\t")).refused(
        ReasonMissing,
        f'orch reopen {PHASE} spec --reason "what has to change"',
        code="VALIDATION_ERROR",
        saying="Reopening needs a reason",
    )


@pytest.mark.parametrize(
    ("step", "state", "fix"),
    [
        ("spec", "reopened", f'orch spec {PHASE} --objectives "what it must achieve"'),
        ("research", "stale", f'orch spec {PHASE} --objectives "what it must achieve"'),
        ("plan", "not started", f'orch spec {PHASE} --objectives "what it must achieve"'),
    ],
)
def test_only_an_approved_step_is_reopened(step: str, state: str, fix: str) -> None:
    given(*GROUND_MOVED).when(asks.reopen(step)).refused(
        StepNotApprovedYet, fix, code="WORKFLOW_VIOLATION", saying=f"{step} is {state}"
    )


def test_the_next_iteration_answers_the_reason_of_the_reopening() -> None:
    given(*GROUND_MOVED).when(asks.draft("spec")).then(*SPEC_AGAIN[:2])


def test_a_text_reopened_by_mistake_can_be_given_back_as_it_was() -> None:
    given(*GROUND_MOVED).when(asks.edit("spec", text_of("spec"))).then(
        edited("spec", 2, text_of("spec"), answers=(8,)), requested("spec", 2)
    )


def test_a_stale_step_is_reconfirmed_as_it_is() -> None:
    given(*GROUND_MOVED, *SPEC_AGAIN).when(asks.reconfirm("research")).then(reconfirmed("research"))


def test_a_stale_step_is_drafted_anew() -> None:
    given(*GROUND_MOVED, *SPEC_AGAIN).when(asks.draft("research")).then(
        drafted("research", 2), requested("research", 2)
    )


def test_a_stale_step_waits_until_what_it_rests_on_is_approved_again() -> None:
    story = given(*GROUND_MOVED, *SPEC_AGAIN[:2])
    for command in (asks.reconfirm("research"), asks.draft("research")):
        story.when(command).refused(
            StepNotApproved,
            f"orch approve {PHASE} spec",
            code="WORKFLOW_VIOLATION",
            saying="spec is awaiting approval",
        )


def test_a_later_step_waits_for_the_reconfirmation() -> None:
    given(*GROUND_MOVED, *SPEC_AGAIN).when(asks.draft("plan")).refused(
        StepNotApproved,
        f'orch reconfirm {PHASE} research --reason "why it still holds"',
        code="WORKFLOW_VIOLATION",
        saying="research is stale",
    )


def test_reconfirming_needs_a_reason() -> None:
    story = given(*GROUND_MOVED, *SPEC_AGAIN)
    for forced, option in ((False, ""), (True, " --force")):
        story.when(asks.reconfirm("research", " ", forced=forced)).refused(
            ReasonMissing,
            f'orch reconfirm {PHASE} research{option} --reason "why it still holds"',
            code="VALIDATION_ERROR",
            saying="Reconfirming needs a reason",
        )


def test_only_a_stale_step_is_reconfirmed() -> None:
    given(opened(), *done("spec")).when(asks.reconfirm("spec")).refused(
        NotReconfirmable, f"orch status {PHASE}", code="WORKFLOW_VIOLATION", saying="it is approved, not stale"
    )


def test_only_what_had_been_approved_is_reconfirmed() -> None:
    given(
        opened(),
        *done("spec"),
        drafted("research"),
        requested("research"),
        reopened("spec"),
        stale("research", because="spec", since=7),
    ).when(asks.draft("spec")).when(asks.approve("spec")).when(asks.reconfirm("research")).refused(
        NotReconfirmable, RESEARCH_AGAIN, code="WORKFLOW_VIOLATION", saying="it had not been approved"
    )


def test_reconfirming_takes_as_many_people_as_approving() -> None:
    given(*GROUND_MOVED, *SPEC_AGAIN, policy(minimum_approvers=2)).when(asks.reconfirm("research", by=GRACE)).then(
        reconfirmed("research", final=False, policy_version=2)
    ).when(asks.reconfirm("research", by=GRACE)).refused(
        AlreadyJudged, f"orch why {PHASE} research", code="WORKFLOW_VIOLATION", saying="grace has already given"
    ).when(asks.reconfirm("research", by=LINUS)).then(reconfirmed("research", by=LINUS, policy_version=2))


def test_a_reconfirmation_by_the_author_is_marked() -> None:
    given(*GROUND_MOVED, *SPEC_AGAIN).when(asks.reconfirm("research", by=ADA)).then(
        reconfirmed("research", by=ADA, self_approval=True)
    )


def test_force_on_a_reconfirmation_names_the_rules_it_broke() -> None:
    given(*GROUND_MOVED, *SPEC_AGAIN, policy(minimum_approvers=2)).when(asks.reconfirm("research", forced=True)).then(
        reconfirmed("research", broke=("minimum_approvers",), policy_version=2)
    )


def test_a_reconfirmation_is_void_when_its_ground_moves_again() -> None:
    half_way = (*GROUND_MOVED, *SPEC_AGAIN, policy(minimum_approvers=2), reconfirmed("research", final=False))
    story = given(*half_way).when(asks.reopen("spec"))
    story.then(reopened("spec", 2), stale("research", because="spec", since=14))
    story = story.when(asks.draft("spec"))
    for who in (GRACE, LINUS):
        story = story.when(asks.approve("spec", by=who))
    story.when(asks.reconfirm("research", by=LINUS)).then(
        reconfirmed("research", by=LINUS, final=False, policy_version=2)
    ).when(asks.reconfirm("research", by=GRACE)).then(reconfirmed("research", policy_version=2))


def test_what_is_stale_already_is_not_marked_twice() -> None:
    given(*GROUND_MOVED, *SPEC_AGAIN).when(asks.reopen("spec")).then(reopened("spec", 2))


def test_reopening_after_the_handoff_withdraws_it() -> None:
    given(opened(), *ALL_DONE, handed_off()).when(asks.reopen("tasks")).then(
        reopened("tasks", withdraws_handoff=True)
    ).when(asks.hand_off()).refused(
        NotReadyForHandoff,
        f'orch tasks {PHASE} --tasks "first task,second task"',
        code="WORKFLOW_VIOLATION",
        saying="tasks is reopened, not approved",
    )

"""Break-glass: in an emergency force goes on, for a time, and others have to approve the same text by then."""

from datetime import timedelta
from typing import Any

import pytest

from domain.commands import Command
from domain.documents import Withdrawal
from domain.errors import (
    AlreadyJudged,
    BreakGlassUnknown,
    InvalidInput,
    NotReadyForHandoff,
    PolicyForbids,
    ReasonMissing,
    RequestExpired,
    StepNotApproved,
)
from tests import asks
from tests.facts import (
    ADA,
    BEFORE_TASKS,
    GRACE,
    LINUS,
    NOON,
    PHASE,
    ROBOT,
    Fact,
    approved,
    drafted,
    expired,
    expiry,
    handed_off,
    opened,
    policy,
    rejected,
    requested,
    stale,
)
from tests.stories import Outcome, given

DAY = 24 * 3600
LATE = NOON + timedelta(days=1)
FOUR_EYES = policy(author_may_not_approve=True, break_glass_seconds=DAY)
WAITING = (FOUR_EYES, opened(), drafted("spec"), requested("spec"))
BREAK = asks.approve("spec", by=ADA, break_glass=True, reason="the server is down")


def broken(step: str = "spec", *more: str) -> Fact:
    """Return an approval by the author, under break-glass; `more` names rules that were set aside, too."""
    return approved(
        step,
        by=ADA,
        policy_version=2,
        self_approval=True,
        broke=("author_may_not_approve", *more),
        reason="the server is down",
        ratify_by=expiry(NOON, DAY),
    )


BROKEN = broken()


def late(*facts: Fact) -> tuple[Fact, ...]:
    """Return what happens a day later."""
    return tuple(fact._replace(at=LATE) for fact in facts)


def test_an_approval_by_force_holds_for_a_time_and_the_work_goes_on() -> None:
    given(*WAITING).when(BREAK).then(BROKEN).when(asks.draft("research")).then(
        drafted("research"), requested("research")
    )
    forced = asks.approve("spec", by=ADA, forced=True, reason="the server is down")
    given(*WAITING).when(forced).then(BROKEN)


def test_a_glass_is_broken_for_a_reason_and_the_advice_breaks_it_still() -> None:
    given(*WAITING).when(asks.approve("spec", by=ADA, break_glass=True, reason=" ")).refused(
        ReasonMissing,
        f'orch approve {PHASE} spec --break-glass --reason "why the policy is set aside"',
        code="VALIDATION_ERROR",
        saying="reason",
    )


def test_force_that_sets_nothing_aside_is_an_approval_like_any_other() -> None:
    given(*WAITING).when(asks.approve("spec", by=GRACE, break_glass=True, reason="to be sure")).then(
        approved("spec", by=GRACE, policy_version=2, reason="to be sure")
    )


def test_another_person_ratifies_the_same_text_and_it_holds_for_good() -> None:
    given(*WAITING, BROKEN).when(asks.approve("spec", by=GRACE)).then(
        approved("spec", by=GRACE, policy_version=2)
    ).when(asks.draft("research", at=LATE)).then(*late(drafted("research"), requested("research")))


def test_whoever_broke_the_glass_neither_ratifies_nor_breaks_it_again() -> None:
    story = given(*WAITING, BROKEN)
    story.when(asks.approve("spec", by=ADA)).refused(
        AlreadyJudged, f"orch why {PHASE} spec", code="WORKFLOW_VIOLATION", saying="ada"
    )
    story.when(asks.approve("spec", by=LINUS, forced=True, reason="once more")).refused(
        PolicyForbids, f"orch why {PHASE} spec", code="POLICY_VIOLATION", saying="ada broke the glass already"
    )


def test_ratifying_is_judged_under_the_whole_policy() -> None:
    two = policy(author_may_not_approve=True, minimum_approvers=2, break_glass_seconds=DAY)
    story = (
        given(two, *WAITING[1:])
        .when(BREAK)
        .then(broken("spec", "minimum_approvers"))
        .when(asks.approve("spec", by=GRACE))
    )
    story = story.then(approved("spec", by=GRACE, policy_version=2, final=False))
    story.when(asks.approve("spec", by=LINUS)).then(approved("spec", by=LINUS, policy_version=2))


def test_nobody_in_time_and_the_approval_is_void_for_everything_that_rests_on_it() -> None:
    lapsed = given(*WAITING, BROKEN)
    lapsed.when(asks.draft("research", at=LATE)).refused(
        StepNotApproved, f"orch request {PHASE} spec", code="WORKFLOW_VIOLATION", saying="spec is expired"
    )
    lapsed.when(asks.approve("spec", by=GRACE, at=LATE)).refused(
        RequestExpired, f"orch request {PHASE} spec", code="WORKFLOW_VIOLATION", saying="expired"
    )
    again = lapsed.when(asks.request("spec", at=LATE)).then(*late(expired("spec"), requested("spec")))
    again.when(asks.approve("spec", by=ADA, at=LATE)).refused(
        AlreadyJudged, f"orch why {PHASE} spec", code="WORKFLOW_VIOLATION", saying="ada"
    )
    again.when(asks.approve("spec", by=GRACE, at=LATE)).then(*late(approved("spec", by=GRACE, policy_version=2)))


@pytest.mark.parametrize("period", [DAY, 0])
def test_a_lapsed_glass_is_neither_renewed_nor_made_permanent_by_force(period: int) -> None:
    """Nor where the policy has meanwhile lost its period."""
    story = given(*WAITING, BROKEN)
    if not period:
        story = story.when(asks.set_policy(break_glass_seconds=0))
    story.when(asks.approve("spec", by=ADA, forced=True, reason="once more", at=LATE)).refused(
        AlreadyJudged, f"orch why {PHASE} spec", code="WORKFLOW_VIOLATION", saying="ada"
    )
    story.when(asks.approve("spec", by=LINUS, forced=True, reason="for her", at=LATE)).refused(
        PolicyForbids, f"orch why {PHASE} spec", code="POLICY_VIOLATION", saying="ada broke the glass already"
    )


def test_whoever_broke_a_glass_that_lapsed_is_not_among_those_who_are_needed() -> None:
    two = policy(minimum_approvers=2, break_glass_seconds=DAY)
    story = given(two, *WAITING[1:]).when(asks.approve("spec", by=LINUS, forced=True, reason="the server is down"))
    story = story.when(asks.request("spec", at=LATE))
    story.when(asks.approve("spec", by=LINUS, at=LATE)).refused(
        AlreadyJudged, f"orch why {PHASE} spec", code="WORKFLOW_VIOLATION", saying="linus"
    )


def test_a_retroactive_rejection_withdraws_it_and_what_rests_on_it_is_stale() -> None:
    given(*WAITING, BROKEN, drafted("research"), requested("research")).when(
        asks.reject("spec", "it was not needed", by=GRACE)
    ).then(
        rejected("spec", 1, "it was not needed", by=GRACE, policy_version=2),
        stale("research", because="spec", since=7, of=Withdrawal.REJECTED, by=GRACE),
    ).when(asks.draft("research")).refused(
        StepNotApproved,
        f'orch spec {PHASE} --objectives "what it must achieve"',
        code="WORKFLOW_VIOLATION",
        saying="rejected",
    )


def test_a_rejection_or_a_new_text_after_the_deadline_leaves_nothing_that_rests_on_the_old_one() -> None:
    lapsed = given(*WAITING, BROKEN, drafted("research"), requested("research"), approved("research"))
    again = lapsed.when(asks.request("spec", at=LATE)).then(*late(expired("spec"), requested("spec")))
    again.when(asks.reject("spec", "it was not needed", by=GRACE, at=LATE)).then(
        *late(
            rejected("spec", 1, "it was not needed", by=GRACE, policy_version=2),
            stale("research", because="spec", since=10, of=Withdrawal.REJECTED, by=GRACE),
        )
    )
    lapsed = given(*WAITING, BROKEN, drafted("research"), requested("research"), approved("research"))
    lapsed.when(asks.draft("spec", at=LATE)).then(
        *late(
            expired("spec"),
            drafted("spec", 2),
            stale("research", because="spec", since=9, of=Withdrawal.REDRAFTED),
            requested("spec", 2),
        )
    )


def test_the_handoff_waits_until_it_is_ratified() -> None:
    story = given(FOUR_EYES, opened(), *BEFORE_TASKS, drafted("tasks"), requested("tasks"), broken("tasks"))
    story.when(asks.hand_off()).refused(
        NotReadyForHandoff,
        f"orch approve {PHASE} tasks",
        code="WORKFLOW_VIOLATION",
        saying="tasks was approved under break-glass by ada",
    )
    story.when(asks.approve("tasks", by=GRACE)).when(asks.hand_off()).then(handed_off())


def test_only_people_break_the_glass_where_agents_are_bound() -> None:
    given(*WAITING).when(asks.approve("spec", by=ROBOT, break_glass=True, reason="so it seemed")).refused(
        PolicyForbids, f"orch why {PHASE} spec", code="POLICY_VIOLATION", saying="only people may approve"
    )


def test_where_the_policy_says_nothing_there_is_no_glass_and_force_holds_for_good() -> None:
    four_eyes = policy(author_may_not_approve=True)
    story = given(four_eyes, *WAITING[1:])
    story.when(BREAK).refused(
        BreakGlassUnknown,
        "orch policy set --break-glass 86400",
        f'orch approve {PHASE} spec --force --reason "why the policy is set aside"',
        code="POLICY_VIOLATION",
        saying="nobody would have to",
    )
    story.when(asks.approve("spec", by=ADA, forced=True, reason="alone")).then(
        approved(
            "spec", by=ADA, policy_version=2, self_approval=True, broke=("author_may_not_approve",), reason="alone"
        )
    )


@pytest.mark.parametrize("ends", [asks.reopen("spec"), asks.approve("spec"), asks.reject("spec", "no")])
def test_nothing_is_left_of_it_once_it_has_ended(ends: Command) -> None:
    story = given(*WAITING, BROKEN)
    assert {"ratify_by", "broke_glass"} <= spec_in(story).keys()
    assert not {"ratify_by", "broke_glass"} & spec_in(story.when(ends)).keys()


def spec_in(story: Outcome) -> dict[str, Any]:
    """Return what the head of the phase says about its spec."""
    (head,) = story.log.heads([f"phase:{PHASE}"])[1].values()
    found: dict[str, Any] = head.facts["documents"]["spec"]
    return found


@pytest.mark.parametrize("seconds", [-1, 366 * DAY + 1])
def test_a_period_is_longer_than_nothing_and_not_longer_than_a_year(seconds: int) -> None:
    given(opened()).when(asks.set_policy(break_glass_seconds=seconds)).refused(
        InvalidInput, "orch policy set --break-glass 86400", code="VALIDATION_ERROR", saying="holds for 1 to"
    )


def test_zero_takes_the_period_away() -> None:
    given(FOUR_EYES, opened()).when(asks.set_policy(break_glass_seconds=0)).then(policy(author_may_not_approve=True))

"""The project's policy about verdicts, and force, which sets it aside in the open."""

from typing import Any

import pytest

from domain.actors import Actor
from domain.errors import InvalidInput, NotFound, NothingChanged, PolicyForbids, PolicyNeedsPerson, ReasonMissing
from tests import asks
from tests.facts import (
    ADA,
    GRACE,
    LINUS,
    PHASE,
    ROBOT,
    SERVICE,
    approved,
    done,
    drafted,
    opened,
    policy,
    reopened,
    requested,
    stale,
)
from tests.stories import given, nothing

WAITING = (opened(), drafted("spec"), requested("spec"))
WHY = f"orch why {PHASE} spec"
WAYS = (WHY, f'orch approve {PHASE} spec --force --reason "why the policy is set aside"')


def test_one_person_can_start_alone_and_a_self_approval_is_marked() -> None:
    given(*WAITING).when(asks.approve("spec", by=ADA)).then(approved("spec", by=ADA, self_approval=True))


def test_an_automatic_approval_says_so_and_is_held_to_the_same_policy() -> None:
    given(*WAITING).when(asks.approve("spec", automatic=True)).then(approved("spec", automatic=True))
    given(*WAITING).when(asks.approve("spec", by=ROBOT, automatic=True)).refused(
        PolicyForbids, WHY, code="POLICY_VIOLATION", saying="only people may approve"
    )


def test_an_author_may_not_approve_where_the_policy_says_so() -> None:
    given(policy(author_may_not_approve=True), *WAITING).when(asks.approve("spec", by=ADA)).refused(
        PolicyForbids, *WAYS, code="POLICY_VIOLATION", saying="ada wrote this text, so another person must approve it"
    ).when(asks.approve("spec", by=GRACE)).then(approved("spec", policy_version=2))


def test_the_author_is_whoever_wrote_the_latest_iteration() -> None:
    given(policy(author_may_not_approve=True), *WAITING, drafted("spec", 2, by=GRACE), requested("spec", 2)).when(
        asks.approve("spec", by=GRACE)
    ).refused(PolicyForbids, *WAYS, code="POLICY_VIOLATION", saying="grace wrote this text").when(
        asks.approve("spec", by=ADA)
    ).then(approved("spec", 2, by=ADA, policy_version=2))


@pytest.mark.parametrize(("by", "kind"), [(ROBOT, "an agent"), (SERVICE, "a service")])
def test_an_agent_and_a_service_cannot_approve(by: Actor, kind: str) -> None:
    given(*WAITING).when(asks.approve("spec", by=by)).refused(
        PolicyForbids, WHY, code="POLICY_VIOLATION", saying=f"{by.name} acts as {kind}, and only people may approve"
    )


FORCES: list[dict[str, Any]] = [{"forced": True}, {"break_glass": True}]
OTHER_RULES: list[dict[str, Any]] = [
    {},
    {"author_may_not_approve": True},
    {"minimum_approvers": 2},
    {"minimum_quality_research": 100},
    {"approver_roles": {"research": "lead"}},
    {"break_glass_seconds": 3600},
]


@pytest.mark.parametrize("by", [ROBOT, SERVICE])
@pytest.mark.parametrize("force", FORCES)
@pytest.mark.parametrize("reason", ["release night", " "])
@pytest.mark.parametrize("rules", OTHER_RULES)
def test_force_is_for_people_where_agents_are_bound(
    by: Actor, force: dict[str, Any], reason: str, rules: dict[str, Any]
) -> None:
    """Whichever other rule it meets, and however it is asked, no line of the refusal is one of force."""
    texts = (opened(), *done("spec"), drafted("research", by=by), requested("research"))
    given(policy(**rules), *texts).when(asks.approve("research", by=by, reason=reason, **force)).refused(
        PolicyForbids,
        f"orch why {PHASE} research",
        code="POLICY_VIOLATION",
        saying="only people may approve, with or without force",
    )
    moved = (opened(), *done("spec", "research"), reopened("spec"), stale("research", because="spec", since=9))
    again = (drafted("spec", 2), requested("spec", 2), approved("spec", 2))
    story = given(policy(**rules), *moved, *again)
    story.when(asks.reconfirm("research", reason, by=by, **force)).refused(
        PolicyForbids,
        f"orch why {PHASE} research",
        code="POLICY_VIOLATION",
        saying="only people may approve, with or without force",
    )


def test_an_agent_that_the_policy_does_not_bind_forces_as_a_person_does() -> None:
    rules = policy(agents_may_not_approve=False, minimum_approvers=2)
    given(rules, *WAITING).when(asks.approve("spec", by=ROBOT, forced=True, reason="release night")).then(
        approved("spec", by=ROBOT, broke=("minimum_approvers",), reason="release night", policy_version=2)
    )


def test_what_an_agent_forced_before_force_was_for_people_is_read_as_it_was() -> None:
    forced = approved("spec", by=ROBOT, broke=("agents_may_not_approve",), reason="release night")
    given(*WAITING, forced).when(asks.draft("research")).then(drafted("research"), requested("research"))


def test_an_agent_may_approve_where_the_policy_lets_it() -> None:
    given(policy(agents_may_not_approve=False), *WAITING).when(asks.approve("spec", by=ROBOT)).then(
        approved("spec", by=ROBOT, policy_version=2)
    )


def test_an_agent_under_the_name_of_the_author_is_the_author() -> None:
    agent = ROBOT._replace(name=ADA.name)
    given(policy(agents_may_not_approve=False, author_may_not_approve=True), *WAITING).when(
        asks.approve("spec", by=agent)
    ).refused(PolicyForbids, *WAYS, code="POLICY_VIOLATION", saying="ada wrote this text")


def test_several_approvers_are_counted_and_the_last_one_settles_it() -> None:
    given(policy(minimum_approvers=3), *WAITING).when(asks.approve("spec", by=ADA)).then(
        approved("spec", by=ADA, self_approval=True, final=False, policy_version=2)
    ).when(asks.approve("spec", by=GRACE)).then(approved("spec", by=GRACE, final=False, policy_version=2)).when(
        asks.approve("spec", by=LINUS)
    ).then(approved("spec", by=LINUS, policy_version=2))


def test_the_policy_at_the_moment_of_the_verdict_counts() -> None:
    given(policy(minimum_approvers=3), *WAITING, approved("spec", final=False, policy_version=2), policy()).when(
        asks.approve("spec", by=LINUS)
    ).then(approved("spec", by=LINUS, policy_version=3))


@pytest.mark.parametrize(
    ("rules", "by", "broke"),
    [
        ({"author_may_not_approve": True}, ADA, ("author_may_not_approve",)),
        ({"minimum_approvers": 2}, GRACE, ("minimum_approvers",)),
        (
            {"author_may_not_approve": True, "minimum_approvers": 2},
            ADA,
            ("author_may_not_approve", "minimum_approvers"),
        ),
    ],
)
def test_force_sets_the_policy_aside_and_names_the_rules_it_broke(
    rules: dict[str, Any], by: Actor, broke: tuple[str, ...]
) -> None:
    given(policy(**rules), *WAITING).when(asks.approve("spec", by=by, forced=True, reason="release night")).then(
        approved(
            "spec", by=by, self_approval=by.name == ADA.name, broke=broke, reason="release night", policy_version=2
        )
    )


def test_force_that_breaks_nothing_is_not_marked_as_force() -> None:
    given(*WAITING).when(asks.approve("spec", forced=True, reason="to be sure")).then(
        approved("spec", reason="to be sure")
    )


def test_force_needs_a_reason() -> None:
    given(*WAITING).when(asks.approve("spec", forced=True, reason=" ")).refused(
        ReasonMissing,
        f'orch approve {PHASE} spec --force --reason "why the policy is set aside"',
        code="VALIDATION_ERROR",
        saying="Setting the policy aside needs a reason",
    )


def test_a_reconfirmation_is_judged_under_the_full_policy() -> None:
    story = given(policy(author_may_not_approve=True), opened(), *done("spec", "research")).when(asks.reopen("spec"))
    story.when(asks.draft("spec")).when(asks.approve("spec")).when(asks.reconfirm("research", by=ADA)).refused(
        PolicyForbids,
        f"orch why {PHASE} research",
        f'orch reconfirm {PHASE} research --force --reason "why the policy is set aside"',
        code="POLICY_VIOLATION",
        saying="ada wrote this text",
    )


@pytest.mark.parametrize(("by", "kind"), [(ROBOT, "agent"), (SERVICE, "service")])
def test_only_a_person_changes_a_policy_that_binds_agents(by: Actor, kind: str) -> None:
    given().when(asks.set_policy(agents_may_not_approve=False, by=by)).refused(
        PolicyNeedsPerson, "orch policy show", code="POLICY_VIOLATION", saying=f"{by.name} acts as {kind}"
    ).when(asks.set_policy(agents_may_not_approve=False)).then(policy(agents_may_not_approve=False))


def test_an_agent_may_change_a_policy_that_does_not_bind_it() -> None:
    given(policy(agents_may_not_approve=False)).when(asks.set_policy(minimum_approvers=2, by=ROBOT)).then(
        policy(agents_may_not_approve=False, minimum_approvers=2, by=ROBOT)
    )


def test_only_the_rules_that_are_named_change() -> None:
    given(policy(minimum_approvers=2)).when(asks.set_policy(request_expiry_seconds=3600, reason="audit")).then(
        policy(minimum_approvers=2, request_expiry_seconds=3600, reason="audit")
    )


def test_an_expiry_of_zero_switches_expiry_off() -> None:
    given(policy(request_expiry_seconds=60)).when(asks.set_policy(request_expiry_seconds=0)).then(policy())


def test_a_policy_that_stays_the_same_is_refused() -> None:
    unchanged: tuple[dict[str, Any], ...] = ({}, {"minimum_approvers": 1}, {"request_expiry_seconds": 0})
    for rules in unchanged:
        given().when(asks.set_policy(**rules)).refused(
            NothingChanged, "orch policy show", code="NOTHING_CHANGED", saying="says that already"
        )


@pytest.mark.parametrize("number", [-1, 0, 51])
def test_a_number_of_approvers_nobody_can_meet_is_refused(number: int) -> None:
    given().when(asks.set_policy(minimum_approvers=number)).refused(
        InvalidInput,
        "orch policy set --minimum-approvers 2",
        code="VALIDATION_ERROR",
        saying=f"is 1 to 50; got {number}",
    )


@pytest.mark.parametrize("seconds", [-1, 366 * 24 * 3600 + 1])
def test_an_expiry_beyond_reason_is_refused(seconds: int) -> None:
    given().when(asks.set_policy(request_expiry_seconds=seconds)).refused(
        InvalidInput, "orch policy set --request-expiry 3600", code="VALIDATION_ERROR", saying=f"got {seconds}"
    )


def test_there_is_no_policy_before_there_is_a_project() -> None:
    nothing().when(asks.set_policy(minimum_approvers=2)).refused(
        NotFound, "orch init", code="NOT_FOUND", saying="no project yet"
    )

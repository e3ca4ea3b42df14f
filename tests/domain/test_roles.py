"""Roles: who may approve which step, and how many must; a name is a claim, as everywhere."""

from typing import Any

import pytest

from domain.errors import InvalidInput, NotFound, NothingChanged, PolicyForbids, PolicyNeedsPerson
from tests import asks
from tests.facts import GRACE, LINUS, PHASE, ROBOT, approved, drafted, granted, opened, policy, requested, revoked
from tests.stories import given

WAITING = (opened(), drafted("spec"), requested("spec"))
LEAD = policy(approver_roles={"spec": "lead"})
WAYS = (f"orch why {PHASE} spec", f'orch approve {PHASE} spec --force --reason "why the policy is set aside"')
UNHELD = (WAYS[0], "orch role grant grace lead", WAYS[1])


def test_a_step_is_approved_by_whoever_holds_its_role_and_the_refusal_names_them() -> None:
    given(LEAD, granted("linus", "lead"), granted("ada", "lead"), *WAITING).when(
        asks.approve("spec", by=GRACE)
    ).refused(
        PolicyForbids,
        *WAYS,
        code="POLICY_VIOLATION",
        saying="grace does not hold the role lead; ada or linus could approve",
    ).when(asks.approve("spec", by=LINUS)).then(approved("spec", by=LINUS, policy_version=4))


def test_where_nobody_holds_the_role_the_refusal_says_how_to_grant_it() -> None:
    given(LEAD, *WAITING).when(asks.approve("spec", by=GRACE)).refused(
        PolicyForbids, *UNHELD, code="POLICY_VIOLATION", saying="grace does not hold the role lead; nobody does yet"
    )


def test_the_role_counts_at_the_moment_of_the_verdict() -> None:
    given(LEAD, granted("grace", "lead"), revoked("grace", "lead"), *WAITING).when(
        asks.approve("spec", by=GRACE)
    ).refused(
        PolicyForbids, *UNHELD, code="POLICY_VIOLATION", saying="grace does not hold the role lead; nobody does yet"
    )


def test_an_approval_stands_when_its_role_is_revoked_later() -> None:
    given(LEAD, granted("grace", "lead"), *WAITING, approved("spec", policy_version=3), revoked("grace", "lead")).when(
        asks.draft("research")
    ).then(drafted("research"), requested("research"))


def test_force_sets_a_role_aside_in_the_open() -> None:
    given(LEAD, *WAITING).when(asks.approve("spec", by=GRACE, forced=True, reason="the lead is ill")).then(
        approved("spec", broke=("approver_role",), policy_version=2, reason="the lead is ill")
    )


def test_a_step_can_ask_for_more_approvers_than_the_others() -> None:
    given(policy(approvers={"spec": 2}), *WAITING).when(asks.approve("spec", by=GRACE)).then(
        approved("spec", final=False, policy_version=2)
    ).when(asks.approve("spec", by=LINUS)).then(approved("spec", by=LINUS, policy_version=2))


def test_a_step_can_ask_for_fewer_than_the_others() -> None:
    given(policy(minimum_approvers=3, approvers={"spec": 1}), *WAITING).when(asks.approve("spec", by=GRACE)).then(
        approved("spec", policy_version=2)
    )


def test_changing_one_step_leaves_the_others_and_the_members() -> None:
    both = {"spec": "lead", "plan": "architect"}
    given(LEAD, granted("grace", "lead")).when(asks.set_policy(approver_roles={"plan": "architect"})).then(
        policy(approver_roles=both)
    ).when(asks.set_policy(approver_roles={"plan": ""}, approvers={"spec": 0})).then(LEAD).when(
        asks.grant("grace", "lead")
    ).refused(NothingChanged, "orch role list", code="NOTHING_CHANGED", saying="grace holds the role lead already")


def test_the_last_rule_of_a_table_can_go() -> None:
    given(LEAD).when(asks.set_policy(approver_roles={"spec": ""})).then(policy())


def test_roles_are_granted_and_revoked_by_people() -> None:
    given().when(asks.grant("grace", "lead", reason="since today")).then(
        granted("grace", "lead", reason="since today")
    ).when(asks.revoke("grace", "lead")).then(revoked("grace", "lead")).when(asks.revoke("grace", "lead")).refused(
        NotFound, "orch role list", code="NOT_FOUND", saying="grace does not hold the role lead"
    )
    for asked in (asks.grant("robot", "lead", by=ROBOT), asks.revoke("ada", "lead", by=ROBOT)):
        given(granted("ada", "lead")).when(asked).refused(
            PolicyNeedsPerson, "orch policy show", code="POLICY_VIOLATION", saying="only people may change the policy"
        )


@pytest.mark.parametrize(
    ("rules", "saying"),
    [
        ({"approvers": {"spec": 51}}, "got 51 for spec"),
        ({"approvers": {"spec": -1}}, "got -1 for spec"),
        ({"approvers": {"handoff": 2}}, "got 'handoff'"),
        ({"approver_roles": {"specs": "lead"}}, "got 'specs'"),
    ],
)
def test_rules_that_no_step_can_have_are_refused(rules: dict[str, Any], saying: str) -> None:
    given().when(asks.set_policy(**rules)).refused(
        InvalidInput, "orch policy set --approvers spec=2", code="VALIDATION_ERROR", saying=saying
    )


@pytest.mark.parametrize("role", ["", "Lead", "a b", "x" * 51, "lead\n"])
def test_a_role_has_a_name_that_can_be_typed(role: str) -> None:
    given().when(asks.grant("ada", role)).refused(
        InvalidInput, "orch role grant ada lead", code="VALIDATION_ERROR", saying="A role has lower-case letters"
    )


def test_a_step_asks_for_a_role_that_can_be_typed() -> None:
    given().when(asks.set_policy(approver_roles={"spec": "The Lead"})).refused(
        InvalidInput, "orch role grant ada lead", code="VALIDATION_ERROR", saying="got 'The Lead'"
    )


def test_a_role_is_for_a_name_that_can_be_shown() -> None:
    given().when(asks.grant("a\nb", "lead")).refused(
        InvalidInput, "orch role grant ada lead", code="VALIDATION_ERROR", saying="printable characters"
    )

"""Requests run out by the clock of the command; the event is written with the next accepted command."""

import pytest

from domain.commands import Command
from domain.errors import NotReadyForHandoff, RequestExpired, StepNotApproved
from tests import asks
from tests.facts import (
    ADA,
    GRACE,
    HOUR,
    LINUS,
    NOON,
    PHASE,
    Fact,
    approved,
    archived,
    blocked,
    dependency_added,
    done,
    drafted,
    expired,
    expiry,
    opened,
    policy,
    rejected,
    reopened,
    requested,
    retitled,
    stale,
)
from tests.stories import given

LATE = NOON + HOUR
EDGE = expiry(NOON, 3600)
HOURLY = policy(request_expiry_seconds=3600)
WAITING = (opened(), drafted("spec"), requested("spec", expires_at=EDGE))
ASK_AGAIN = f"orch request {PHASE} spec"


def test_a_request_says_when_it_runs_out() -> None:
    given(HOURLY).when(asks.draft("spec")).then(*WAITING)


def test_a_request_never_runs_out_where_expiry_is_off() -> None:
    years = NOON + 24 * 3650 * HOUR
    given(opened(), drafted("spec"), requested("spec")).when(asks.approve("spec", at=years)).then(
        approved("spec").later(years)
    )


def test_a_request_is_good_until_the_last_moment() -> None:
    just = LATE.replace(hour=12, minute=59, second=59, microsecond=999_999)
    given(HOURLY, *WAITING).when(asks.approve("spec", at=just)).then(approved("spec", policy_version=2).later(just))


@pytest.mark.parametrize("command", [asks.approve("spec", at=LATE), asks.reject("spec", "vague", at=LATE)])
def test_a_verdict_on_an_expired_request_is_refused(command: Command) -> None:
    given(HOURLY, *WAITING).when(command).refused(
        RequestExpired, ASK_AGAIN, code="WORKFLOW_VIOLATION", saying="has expired; ask again first"
    )


def test_asking_again_records_the_expiry_and_makes_the_verdict_possible() -> None:
    given(HOURLY, *WAITING).when(asks.request("spec", at=LATE)).then(
        expired("spec").later(LATE), requested("spec", expires_at=expiry(LATE, 3600)).later(LATE)
    ).when(asks.approve("spec", at=LATE)).then(approved("spec", policy_version=2).later(LATE))


def test_asking_again_keeps_the_approvals_collected_so_far() -> None:
    two = policy(minimum_approvers=2, request_expiry_seconds=3600)
    given(two, *WAITING, approved("spec", final=False, policy_version=2)).when(asks.request("spec", at=LATE)).when(
        asks.approve("spec", by=LINUS, at=LATE)
    ).then(approved("spec", by=LINUS, policy_version=2).later(LATE))


def test_an_expired_draft_can_be_superseded() -> None:
    given(HOURLY, *WAITING).when(asks.draft("spec", at=LATE)).then(
        expired("spec").later(LATE),
        drafted("spec", 2).later(LATE),
        requested("spec", 2, expires_at=expiry(LATE, 3600)).later(LATE),
    )


def test_force_may_set_an_expiry_aside() -> None:
    given(HOURLY, *WAITING).when(asks.approve("spec", at=LATE, forced=True, reason="release night")).then(
        expired("spec", by=GRACE).later(LATE),
        approved("spec", broke=("request_expiry",), reason="release night", policy_version=2).later(LATE),
    )


@pytest.mark.parametrize(
    ("command", "fact"),
    [
        (asks.retitle("Sound", at=LATE), retitled("Sound")),
        (asks.block(at=LATE), blocked()),
        (asks.depend(at=LATE), dependency_added()),
        (asks.archive(at=LATE), archived()),
    ],
)
def test_the_next_accepted_command_writes_the_expiry_down(command: Command, fact: Fact) -> None:
    given(HOURLY, *WAITING, opened(phase="st02-mixer")).when(command).then(
        expired("spec").later(LATE), fact.later(LATE)
    )


def test_an_expiry_is_written_down_once() -> None:
    given(HOURLY, *WAITING).when(asks.block(at=LATE)).then(expired("spec").later(LATE), blocked().later(LATE)).when(
        asks.block(at=LATE)
    ).then(blocked("B2").later(LATE))


def test_an_expiry_that_was_written_down_holds_when_the_clock_goes_back() -> None:
    given(HOURLY, *WAITING, expired("spec").later(LATE)).when(asks.approve("spec", at=NOON)).refused(
        RequestExpired, ASK_AGAIN, code="WORKFLOW_VIOLATION", saying="expired"
    )


def test_an_expired_request_stands_in_the_way_as_expired() -> None:
    story = given(HOURLY, *WAITING)
    for command in (asks.draft("research", at=LATE), asks.edit("research", "# R", at=LATE)):
        story.when(command).refused(StepNotApproved, ASK_AGAIN, code="WORKFLOW_VIOLATION", saying="(spec is expired)")
    story.when(asks.hand_off(at=LATE)).refused(
        NotReadyForHandoff, ASK_AGAIN, code="WORKFLOW_VIOLATION", saying="spec is expired, not approved"
    )


def test_an_expired_draft_becomes_stale_like_any_other() -> None:
    given(HOURLY, opened(), *done("spec"), drafted("research"), requested("research", expires_at=EDGE)).when(
        asks.reopen("spec", at=LATE)
    ).then(
        expired("research").later(LATE),
        reopened("spec").later(LATE),
        stale("research", because="spec", since=8).later(LATE),
    )


def test_what_was_decided_in_time_never_expires() -> None:
    for verdict in (approved("spec", policy_version=2), rejected("spec", policy_version=2)):
        given(HOURLY, *WAITING, verdict).when(asks.retitle("Sound", by=ADA, at=LATE)).then(
            retitled("Sound").later(LATE)
        )

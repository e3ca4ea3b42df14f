"""Verdicts name exactly the text they judge."""

import pytest

from domain.document_events import Meaning
from domain.errors import AlreadyJudged, NothingToJudge, ReasonMissing, VerdictIsStale
from tests import asks
from tests.facts import (
    ADA,
    GRACE,
    LINUS,
    PHASE,
    approved,
    digest_for,
    done,
    drafted,
    opened,
    policy,
    rejected,
    requested,
    text_of,
)
from tests.stories import given

WAITING = (opened(), drafted("spec"), requested("spec"))
LOOK_AGAIN = (f"orch show {PHASE} spec",)


def test_an_approval_records_the_digest_and_the_policy_it_was_judged_under() -> None:
    given(policy(minimum_approvers=2), policy(), *WAITING).when(
        asks.approve("spec", iteration=1, digest=digest_for("spec"), seen=digest_for("spec"), comments="fine")
    ).then(approved("spec", policy_version=3, comments="fine"))


def test_an_approval_says_what_it_means() -> None:
    given(*WAITING).when(asks.approve("spec", meaning=Meaning.REVIEW)).then(approved("spec", meaning=Meaning.REVIEW))


def test_a_rejection_records_its_feedback() -> None:
    given(*WAITING).when(asks.reject("spec", "too vague", "no numbers")).then(
        rejected("spec", 1, "too vague", "no numbers")
    )


def test_a_rejection_must_carry_feedback() -> None:
    for feedback in ((), (" ", "\n")):
        given(*WAITING).when(asks.reject("spec", *feedback)).refused(
            ReasonMissing,
            f'orch reject {PHASE} spec --feedback "what must change"',
            code="VALIDATION_ERROR",
            saying="A rejection needs a reason",
        )


@pytest.mark.parametrize("named", [{"iteration": 1}, {"digest": digest_for("spec")}, {"seen": digest_for("spec")}])
@pytest.mark.parametrize("ask", [asks.approve, asks.reject])
def test_a_verdict_on_anything_but_the_latest_iteration_is_refused(ask: object, named: dict[str, object]) -> None:
    words = ("too vague",) if ask is asks.reject else ()
    given(*WAITING, drafted("spec", 2), requested("spec", 2)).when(
        ask("spec", *words, **named)  # type: ignore[operator]  # one of two functions of different shapes
    ).refused(
        VerdictIsStale,
        *((f"orch checkout {PHASE} spec",) if "seen" in named else ()),  # only what lies on disk can be replaced
        *LOOK_AGAIN,
        code="VERDICT_STALE",
        saying="but the latest is",
    )


def test_the_iteration_and_the_digest_must_both_be_the_latest() -> None:
    given(*WAITING, drafted("spec", 2), requested("spec", 2)).when(
        asks.approve("spec", iteration=2, digest=digest_for("spec", 1))
    ).refused(VerdictIsStale, *LOOK_AGAIN, code="VERDICT_STALE", saying="(iteration 2)").when(
        asks.approve("spec", iteration=2, digest=digest_for("spec", 2))
    ).then(approved("spec", 2))


def test_a_stale_reconfirmation_is_refused_as_well() -> None:
    story = given(opened(), *done("spec", "research")).when(asks.reopen("spec")).when(asks.draft("spec"))
    story.when(asks.approve("spec")).when(asks.reconfirm("research", iteration=7)).refused(
        VerdictIsStale,
        f"orch show {PHASE} research",
        code="VERDICT_STALE",
        saying="is for iteration 7, but the latest is iteration 1",
    )


@pytest.mark.parametrize(
    ("step", "state", "fix"),
    [
        ("spec", "approved", f'orch reopen {PHASE} spec --reason "what has to change"'),
        ("research", "rejected", f'orch research {PHASE} --foundation "what is known"'),
        ("plan", "not started", f'orch research {PHASE} --foundation "what is known"'),
    ],
)
def test_there_is_nothing_to_judge_where_no_document_waits(step: str, state: str, fix: str) -> None:
    story = given(opened(), *done("spec"), drafted("research"), requested("research"), rejected("research"))
    for command in (asks.approve(step), asks.reject(step, "too vague")):
        story.when(command).refused(NothingToJudge, fix, code="WORKFLOW_VIOLATION", saying=f"it is {state}")


def test_nobody_judges_the_same_iteration_twice() -> None:
    story = given(policy(minimum_approvers=3), *WAITING, approved("spec", final=False, policy_version=2))
    for command in (
        asks.approve("spec", by=GRACE),
        asks.reject("spec", "on second thoughts", by=GRACE),
        asks.approve("spec", by=GRACE, forced=True, reason="holidays"),
    ):
        story.when(command).refused(
            AlreadyJudged,
            f"orch why {PHASE} spec",
            code="WORKFLOW_VIOLATION",
            saying="grace has already given a verdict on iteration 1 of spec",
        )


def test_a_new_iteration_voids_the_approvals_collected_so_far() -> None:
    given(policy(minimum_approvers=2), *WAITING, approved("spec", by=GRACE, final=False, policy_version=2)).when(
        asks.draft("spec")
    ).then(drafted("spec", 2), requested("spec", 2)).when(asks.approve("spec", by=LINUS)).then(
        approved("spec", 2, by=LINUS, final=False, policy_version=2)
    ).when(asks.approve("spec", by=GRACE)).then(approved("spec", 2, by=GRACE, policy_version=2))


def test_a_rejection_ends_an_iteration_that_had_approvals() -> None:
    text = text_of("spec", 2, answered=["no"])
    given(policy(minimum_approvers=2), *WAITING, approved("spec", by=GRACE, final=False, policy_version=2)).when(
        asks.reject("spec", "no", by=LINUS)
    ).then(rejected("spec", 1, "no", by=LINUS, policy_version=2)).when(asks.draft("spec")).then(
        drafted("spec", 2, text=text, answers=(5,)), requested("spec", 2)
    )


def test_an_author_may_reject_their_own_text() -> None:
    given(*WAITING).when(asks.reject("spec", "I know better now", by=ADA)).then(
        rejected("spec", 1, "I know better now", by=ADA)
    )

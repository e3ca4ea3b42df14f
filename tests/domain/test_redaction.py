"""Which free text may be erased, by whom, and which has to stay for now."""

import pytest

from domain.actors import Actor
from domain.errors import LatestTextStays, NotFound, NothingChanged, PolicyNeedsPerson, ReasonMissing
from tests import asks
from tests.facts import (
    PHASE,
    ROBOT,
    SERVICE,
    approved,
    archived,
    blocked,
    dependency_added,
    done,
    drafted,
    opened,
    policy,
    redacted,
    rejected,
    requested,
)
from tests.stories import given

STREAM = f"phase:{PHASE}"
DRAFT_AGAIN = f'orch spec {PHASE} --objectives "what it must achieve"'


def test_a_redaction_names_the_event_and_says_why() -> None:
    given(opened(), blocked()).when(asks.redact(4, "a name in it")).then(redacted(4, STREAM, 2))


def test_the_words_of_the_projects_own_streams_can_go_too() -> None:
    given().when(asks.redact(1)).then(redacted(1, "project", 1)).when(asks.redact(2)).then(redacted(2, "policy", 1))


def test_the_reason_of_a_redaction_can_be_erased_like_any_other_text() -> None:
    given(opened()).when(asks.redact(3)).when(asks.redact(4)).then(redacted(4, "ledger", 1))


def test_a_redaction_needs_a_reason() -> None:
    given(opened()).when(asks.redact(3, " ")).refused(
        ReasonMissing,
        'orch audit redact 3 --reason "why the text has to go"',
        code="VALIDATION_ERROR",
        saying="A redaction needs a reason",
    )


def test_the_latest_text_of_a_step_is_drafted_anew_first() -> None:
    story = given(opened(), drafted("spec"), requested("spec"), rejected("spec", 1, "a name in it"))
    story.when(asks.redact(4)).refused(
        LatestTextStays, DRAFT_AGAIN, code="LATEST_TEXT", saying="iteration 1 is the latest text of spec"
    )
    story.when(asks.draft("spec")).when(asks.redact(4)).then(redacted(4, STREAM, 2))


def test_an_approved_text_is_reopened_and_drafted_anew_first() -> None:
    given(opened(), *done("spec")).when(asks.redact(4)).refused(
        LatestTextStays,
        f'orch reopen {PHASE} spec --reason "a text has to be erased"',
        DRAFT_AGAIN,
        code="LATEST_TEXT",
        saying="iteration 1 is the latest text of spec",
    )


def test_nothing_rests_on_the_texts_of_an_archived_phase() -> None:
    given(opened(), *done("spec"), archived()).when(asks.redact(4)).then(redacted(4, STREAM, 2))


def test_the_comments_of_a_verdict_that_holds_may_go() -> None:
    given(opened(), *done("spec")).when(asks.redact(6)).then(redacted(6, STREAM, 4))


def test_an_event_without_free_text_has_nothing_to_erase() -> None:
    given(opened(), dependency_added()).when(asks.redact(4)).refused(
        NothingChanged, "orch audit trail", code="NOTHING_CHANGED", saying="holds no free text"
    )


def test_a_position_that_is_not_there_is_not_found() -> None:
    for position in (0, 4, -1):
        given(opened()).when(asks.redact(position)).refused(
            NotFound, "orch audit trail", code="NOT_FOUND", saying=f"no position {position}"
        )


@pytest.mark.parametrize(("by", "kind"), [(ROBOT, "agent"), (SERVICE, "service")])
def test_only_a_person_erases_a_text_while_only_people_may_approve(by: Actor, kind: str) -> None:
    given(opened()).when(asks.redact(3, by=by)).refused(
        PolicyNeedsPerson,
        "orch policy show",
        code="POLICY_VIOLATION",
        saying=f"{by.name} acts as {kind}; while only people may approve, only people may erase a text",
    )
    given(policy(agents_may_not_approve=False), opened()).when(asks.redact(4, by=by)).then(
        redacted(4, STREAM, 1, by=by)
    )


def test_a_verdict_on_the_text_that_is_to_go_decides_against_the_redaction() -> None:
    """The phase is in the read set: whoever drafts anew and whoever erases cannot miss each other."""
    story = given(opened(), drafted("spec"), requested("spec")).when(asks.draft("spec"))
    story.when(asks.redact(4)).then(redacted(4, STREAM, 2))
    story.when(asks.approve("spec", iteration=2)).then(approved("spec", 2, text=None))

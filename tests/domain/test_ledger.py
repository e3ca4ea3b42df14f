"""Which key speaks for the log, and who has looked at which part of it."""

from typing import Any

import pytest

from domain.commands import InitialiseProject, RotateKey
from domain.errors import InvalidInput, NotFound, ReasonMissing
from domain.event_log import Head
from domain.handler import handle
from domain.ledger import STREAM
from domain.ledger_state import LedgerState
from domain.merkle import tree_root
from tests import asks
from tests.facts import GRACE, ROBOT, alerted, opened, reviewed
from tests.memory_log import MemoryLog
from tests.reliability.ledger import TEMPLATES, meta
from tests.stories import Outcome, given


@pytest.fixture
def log() -> MemoryLog:
    log = MemoryLog()
    handle(InitialiseProject(meta(), log.origin, "first", "project"), log=log, templates=TEMPLATES)
    return log


def ledger_of(log: MemoryLog) -> LedgerState:
    head: Head = log.heads([STREAM])[1][STREAM]
    return LedgerState.from_facts(head.facts)


def test_a_rotation_replaces_the_key_and_remembers_those_before_it(log: MemoryLog) -> None:
    for key in ("second", "third"):
        handle(RotateKey(meta(), key, "lost"), log=log, templates=TEMPLATES)
    assert ledger_of(log) == LedgerState("third", ("first", "second"), 2)


def test_a_rotation_needs_a_reason(log: MemoryLog) -> None:
    before = log.moment().position
    for _ in range(2):
        with pytest.raises(ReasonMissing):
            handle(RotateKey(meta(), "second", " "), log=log, templates=TEMPLATES)
        assert log.moment().position == before
        handle(RotateKey(meta(), "second", "lost"), log=log, templates=TEMPLATES)
        before += 1


def test_repeating_a_rotation_keeps_the_first_key(log: MemoryLog) -> None:
    handle(RotateKey(meta("once"), "second", "lost"), log=log, templates=TEMPLATES)
    again = handle(RotateKey(meta("once"), "a key made for the second try", "lost"), log=log, templates=TEMPLATES)
    assert again.repeated and ledger_of(log).public_key == "second"


def root_upto(story: Outcome, last: int) -> str:
    """Return the root over the leaves as they are, whatever the log keeps beside them."""
    return tree_root([record.leaf for record in story.log.records(1, last)]).hex()


def test_a_review_names_its_range_and_the_log_that_was_seen() -> None:
    story = given(opened())
    story.when(asks.review(2, 3, comments="read it all", by=GRACE)).then(
        reviewed(2, 3, root=root_upto(story, 3), comments="read it all", by=GRACE)
    )


def test_the_root_is_that_of_the_log_up_to_the_last_position_reviewed_not_of_all_of_it() -> None:
    story = given(opened())
    assert root_upto(story, 2) != story.log.tree().root.hex()
    story.when(asks.review(1, 2)).then(reviewed(1, 2, root=root_upto(story, 2)))


def test_a_range_may_be_reviewed_by_anybody_and_again() -> None:
    story = given(opened()).when(asks.review(1, 3))
    again = reviewed(1, 3, root=root_upto(story, 3), by=ROBOT)
    story.when(asks.review(1, 3, by=ROBOT)).then(again)


@pytest.mark.parametrize(("first", "last"), [(0, 2), (-3, 2), (3, 2), (1, 0), (1, -1)])
def test_a_review_of_no_range_is_refused(first: int, last: int) -> None:
    given(opened()).when(asks.review(first, last)).refused(
        InvalidInput,
        "orch audit review --from position:1",
        code="VALIDATION_ERROR",
        saying=f"got {first} to {last}",
    )


def test_what_is_not_there_yet_cannot_be_reviewed() -> None:
    given(opened()).when(asks.review(1, 4)).refused(NotFound, code="NOT_FOUND", saying="there is no position 4")


def test_a_repeated_review_is_the_first_one_although_the_log_has_grown() -> None:
    story = given(opened()).when(asks.review(1, 3, command_id="once"))
    story.when(asks.review(1, 3, command_id="once")).repeated(story.receipt)


def test_an_alert_of_the_service_stands_in_the_ledger() -> None:
    given(opened()).when(asks.alert(12)).then(alerted(12))


@pytest.mark.parametrize("words", [{"count": 9}, {"threshold": 0}, {"seconds": 0}])
def test_an_alert_says_that_a_threshold_was_reached(words: dict[str, Any]) -> None:
    given(opened()).when(asks.alert(**words)).refused(
        InvalidInput, code="VALIDATION_ERROR", saying="An alert counts from its threshold on"
    )

"""Exactly once: a command id belongs to one thing that was asked."""

from collections.abc import Sequence

import pytest

from domain.commands import Command, fingerprint
from domain.errors import CommandIdReused, Conflict, Refusal
from domain.event_log import Decision, EventLog, Receipt
from domain.handler import handle
from tests import asks
from tests.facts import (
    ALL_DONE,
    GRACE,
    HOUR,
    LINUS,
    NOON,
    OTHER,
    PHASE,
    approved,
    blocked,
    dependency_added,
    digest_for,
    drafted,
    handed_off,
    opened,
    policy,
    rejected,
    requested,
)
from tests.memory_log import MemoryLog
from tests.plain_templates import PlainTemplates
from tests.stories import Outcome, given

WAITING = (opened(), drafted("spec"), requested("spec"))


def test_a_repeated_command_answers_with_the_first_receipt_and_writes_nothing() -> None:
    once = given(*WAITING).when(asks.approve("spec", command_id="a1")).then(approved("spec"))
    once.when(asks.approve("spec", command_id="a1")).repeated(once.receipt)


def test_a_command_may_be_repeated_when_the_state_has_moved_on() -> None:
    once = given(*WAITING).when(asks.approve("spec", command_id="a1"))
    later = once.when(asks.reopen("spec")).when(asks.archive())
    later.when(asks.approve("spec", command_id="a1")).repeated(once.receipt)


def test_the_moment_and_the_text_on_disk_are_not_what_was_asked() -> None:
    once = given(*WAITING).when(asks.approve("spec", command_id="a1", seen=digest_for("spec")))
    once.when(asks.approve("spec", command_id="a1", at=NOON + HOUR)).repeated(once.receipt)


def test_a_word_that_came_later_and_is_unsaid_leaves_the_fingerprint_of_older_commands() -> None:
    plain = asks.approve("spec", command_id="a1")
    assert fingerprint(plain) == "c122ab1be54a93000cf31c6533ec6f42945481bbae11ddd120d6f4691c0cf85b"
    assert fingerprint(plain._replace(automatic=True)) != fingerprint(plain)


@pytest.mark.parametrize(
    "other",
    [
        asks.approve("spec", command_id="a1", comments="on second thoughts"),
        asks.approve("spec", command_id="a1", by=LINUS),
        asks.approve("spec", command_id="a1", by=GRACE, iteration=1),
        asks.reject("spec", "too vague", command_id="a1"),
        asks.draft("research", command_id="a1"),
        asks.set_policy(command_id="a1"),
    ],
)
def test_the_same_id_with_another_content_is_refused(other: Command) -> None:
    story = given(*WAITING).when(asks.approve("spec", command_id="a1"))
    for later in (story, story.when(asks.reopen("spec"))):
        later.when(other).refused(
            CommandIdReused, code="COMMAND_ID_REUSED", saying="a1 was used before for another command"
        )


def test_a_refusal_is_not_remembered() -> None:
    story = given(opened(), *ALL_DONE, blocked()).when(asks.hand_off(command_id="h1"))
    assert story.log.receipt("h1") is None
    story.when(asks.unblock()).when(asks.hand_off(command_id="h1")).then(handed_off())


def test_every_field_but_the_moment_makes_another_fingerprint() -> None:
    first = asks.reject("spec", "a", "b", command_id="x")
    assert fingerprint(first) == fingerprint(asks.reject("spec", "a", "b", command_id="y", at=NOON + HOUR))
    others = (
        asks.reject("spec", "a"),
        asks.reject("spec", "ab"),
        asks.reject("plan", "a", "b"),
        asks.reject("spec", "a", "b", comments="c"),
        asks.reject("spec", "a", "b", by=LINUS),
        asks.reject("spec", "a", "b", digest=digest_for("spec")),
    )
    assert len({fingerprint(command) for command in (first, *others)}) == 1 + len(others)


class BusyLog(MemoryLog):
    """The same log, but somebody else is first: what they ask happens between a decision and its append."""

    def __init__(self, log: EventLog, theirs: Command) -> None:
        super().__init__()
        vars(self).update(vars(log))  # the same lists: what is recorded here is recorded there
        self.theirs: Command | None = theirs

    def append(self, decisions: Sequence[Decision]) -> list[Receipt | Refusal]:
        theirs, self.theirs = self.theirs, None
        if theirs is not None:
            handle(theirs, log=self, templates=PlainTemplates())
        return super().append(decisions)


def raced(story: Outcome, mine: Command, *, against: Command) -> Outcome:
    """Ask for one thing while another is decided and recorded first."""
    log = BusyLog(story.log, against)
    outcome = Outcome(log, before=0).when(mine)
    assert log.theirs is None, "the race took place"
    return Outcome(log, before=_after_the_winner(log, outcome.before, against), answer=outcome.answer)


def _after_the_winner(log: EventLog, before: int, winner: Command) -> int:
    known = log.receipt(winner.meta.command_id)
    assert known is not None and known[0].first == before + 1, "the other command was recorded"
    return known[0].last


@pytest.mark.parametrize(
    "verdict", [asks.approve("spec"), asks.reject("spec", "too vague"), asks.draft("spec"), asks.request("spec")]
)
def test_a_verdict_cannot_race_a_change_of_policy(verdict: Command) -> None:
    four_eyes = asks.set_policy(minimum_approvers=2)
    raced(given(*WAITING), verdict, against=four_eyes).refused(
        Conflict, code="CONFLICT", saying="policy is at version 2, this decision read version 1"
    ).when(asks.approve("spec")).then(approved("spec", final=False, policy_version=2))


def test_a_reconfirmation_cannot_race_a_change_of_policy() -> None:
    story = given(*WAITING, approved("spec"), drafted("research"), requested("research"), approved("research"))
    for command in (asks.reopen("spec"), asks.draft("spec"), asks.approve("spec")):
        story = story.when(command)
    raced(story, asks.reconfirm("research"), against=asks.set_policy(agents_may_not_approve=False)).refused(
        Conflict, code="CONFLICT", saying="policy is at version 2"
    )


def test_of_two_verdicts_at_once_one_is_refused() -> None:
    raced(given(*WAITING), asks.approve("spec"), against=asks.reject("spec", "too vague", by=LINUS)).refused(
        Conflict, code="CONFLICT", saying=f"phase:{PHASE} is at version 4, this decision read version 3"
    )


def test_two_people_cannot_open_the_same_phase() -> None:
    raced(given(), asks.draft("spec"), against=asks.draft("spec", by=GRACE)).refused(
        Conflict, code="CONFLICT", saying="is at version 3, this decision read version 0"
    )


@pytest.mark.parametrize("first", [True, False])
def test_two_dependencies_at_once_cannot_make_a_circle(first: bool) -> None:
    there, back = asks.depend(OTHER), asks.depend(PHASE, phase=OTHER)
    mine, theirs = (there, back) if first else (back, there)
    raced(given(opened(), opened(phase=OTHER)), mine, against=theirs).refused(
        Conflict, code="CONFLICT", saying="is at version 2, this decision read version 1"
    )


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_three_dependencies_at_once_cannot_make_a_circle(turn: int) -> None:
    third = "st03-export"
    ring = [(PHASE, OTHER), (OTHER, third), (third, PHASE)]
    there, mine, back = (asks.depend(on, phase=phase) for phase, on in ring[turn:] + ring[:turn])
    story = given(opened(), opened(phase=OTHER), opened(phase=third)).when(there)
    raced(story, mine, against=back).refused(Conflict, code="CONFLICT", saying="is at version 2")


def test_a_handoff_cannot_race_the_reopening_of_what_it_waits_for() -> None:
    other = [fact.of(OTHER) for fact in (*ALL_DONE, handed_off())]
    reopening = asks.reopen("tasks")._replace(phase=OTHER)
    raced(
        given(opened(), opened(phase=OTHER), *other, dependency_added(), *ALL_DONE), asks.hand_off(), against=reopening
    ).refused(Conflict, code="CONFLICT", saying=f"phase:{OTHER} is at version")


def test_different_phases_do_not_disturb_each_other() -> None:
    story = given(*WAITING, opened(phase=OTHER))
    raced(story, asks.approve("spec"), against=asks.archive(phase=OTHER)).then(approved("spec"))


def test_the_same_command_sent_twice_at_once_is_recorded_once() -> None:
    command = asks.approve("spec", command_id="a1")
    outcome = raced(given(*WAITING), command, against=command)
    assert outcome.receipt.repeated
    assert outcome.receipt == Receipt("a1", outcome.before, outcome.before, outcome.receipt.recorded_at, repeated=True)
    assert outcome.log.moment().position == outcome.before


def test_a_verdict_racing_a_rejection_is_decided_again_by_a_person() -> None:
    raced(given(*WAITING), asks.approve("spec", command_id="a1"), against=asks.reject("spec", "vague", by=LINUS))
    story = given(*WAITING).when(asks.reject("spec", "vague", by=LINUS)).then(rejected("spec", 1, "vague", by=LINUS))
    assert story.log.receipt("a1") is None


def test_a_policy_is_not_changed_by_two_people_at_once() -> None:
    raced(given(), asks.set_policy(minimum_approvers=2), against=asks.set_policy(minimum_approvers=3)).refused(
        Conflict, code="CONFLICT", saying="policy is at version 2"
    ).when(asks.set_policy(minimum_approvers=2)).then(policy(minimum_approvers=2))

"""Leaving a log for a recovered one: who may, and what the new log says first."""

import pytest

from domain.actors import Actor, ActorKind
from domain.errors import AlreadyExists, InvalidInput, NotFound, PolicyNeedsPerson, ReasonMissing, Refusal
from domain.ledger_events import Forked, PayloadRedacted, Recovered, RecoverySource
from domain.lineage import Fork, Lineage
from domain.promotion import ANEW
from domain.restore_point import PointNamed
from tests import asks
from tests.facts import ADA, policy
from tests.fix_lines import understood
from tests.stories import Outcome, given, told_by

ROBOT = Actor("robot", ActorKind.AGENT)


def refused(outcome: Outcome, kind: type[Refusal]) -> None:
    """Expect a refusal that leaves no event and says what to type."""
    assert isinstance(outcome.answer, kind), outcome.answer
    assert outcome.log.moment().position == outcome.before
    assert all(understood(line) for line in outcome.answer.fix)


def test_the_fork_comes_first_and_says_everything() -> None:
    outcome = given().when(asks.promote("a mistake"))
    forked, recovered = told_by(outcome.log, 3)
    assert isinstance(forked, Forked) and isinstance(recovered, Recovered)
    assert (forked.size, forked.parent_size, forked.origin) == (2, 1000, "host/fork")
    assert len(forked.root) == 64 and forked.reason == recovered.reason == "a mistake"
    assert (recovered.position, recovered.source) == (2, RecoverySource.STORE)


def test_redactions_that_the_parent_recorded_later_are_recorded_anew() -> None:
    outcome = given().when(asks.draft("spec")).when(asks.promote(redacted=(4,)))
    redacted = told_by(outcome.log)[-1]
    assert isinstance(redacted, PayloadRedacted)
    assert (redacted.position, redacted.reason) == (4, ANEW)


def test_an_agent_promotes_nothing_while_only_people_may_approve() -> None:
    refused(given().when(asks.promote(by=ROBOT)), PolicyNeedsPerson)
    lenient = given(policy(agents_may_not_approve=False))
    refused(lenient.when(asks.promote(by=ROBOT, binds_agents=True)), PolicyNeedsPerson)
    assert isinstance(told_by(lenient.when(asks.promote(by=ROBOT)).log)[-1], Recovered)


def test_a_promotion_needs_a_reason() -> None:
    refused(given().when(asks.promote("  ")), ReasonMissing)


def test_a_point_names_a_position_once_and_for_ever() -> None:
    story = given().when(asks.draft("spec")).when(asks.name_point("before-it", 3))
    named = told_by(story.log)[-1]
    assert isinstance(named, PointNamed) and (named.name, named.position) == ("before-it", 3)
    refused(story.when(asks.name_point("before-it", 4)), AlreadyExists)
    story.when(asks.name_point("after-it", 4))


@pytest.mark.parametrize("name", ["", " ", "a b", ".hidden", "a/b", "ä", "a" * 65, "a\n"])
def test_a_name_is_a_plain_word(name: str) -> None:
    refused(given().when(asks.name_point(name, 1)), InvalidInput)


@pytest.mark.parametrize("position", [0, -1, 3])
def test_a_point_names_a_position_that_is_there(position: int) -> None:
    refused(given().when(asks.name_point("here", position)), NotFound)


def test_every_position_has_one_name_and_every_parent_its_end() -> None:
    lineage = Lineage("a", (Fork("a", 10, "b", 15), Fork("b", 20, "c", 21)))
    assert [lineage.origin_at(position) for position in (1, 10, 11, 20, 21, 99)] == ["a", "a", "b", "b", "c", "c"]
    assert lineage.origin == "c"
    assert [lineage.fork_from(name) for name in ("a", "b", "c", "stranger")] == [*lineage.forks, None, None]
    assert [lineage.shared_with(name, 18) for name in ("a", "b", "c", "stranger")] == [10, 18, 18, 0]
    assert lineage.names == {"a", "b", "c"}
    assert Lineage("a").origin == "a" and Lineage("a").fork_from("a") is None


def test_a_parent_that_was_a_fork_itself_is_known_by_its_name() -> None:
    """Going back behind an earlier fork: the rows before it carry the first name, the store left had the second."""
    lineage = Lineage("a", (Fork("b", 5, "c", 30),))
    fork = lineage.fork_from("b")
    assert fork is not None and fork.size == 5
    assert lineage.fork_from("a") == fork and lineage.origin_at(5) == "a"


def test_who_promotes_is_recorded() -> None:
    forked = told_by(given().when(asks.promote()).log, 3)[0]
    assert forked.by == ADA

"""Tokens of the service: only people issue them, they end, and a verdict says which one spoke for its giver."""

import pytest

from domain.access_token import AccessToken, Scope, TokenState
from domain.actors import Actor, ActorKind
from domain.errors import (
    AlreadyExists,
    CommandIdReused,
    Damaged,
    InvalidInput,
    NotFound,
    NothingChanged,
    Refusal,
    TokenNeedsPerson,
)
from domain.event_log import EventLog
from tests import asks
from tests.facts import ADA, GRACE, NOON
from tests.fix_lines import understood
from tests.stories import Outcome, given, told_by

TOKEN = "0b8f3a52c1d2"
ROBOT = Actor("robot", ActorKind.AGENT)
SCANNER = Actor("scanner", ActorKind.SERVICE)


def refused(outcome: Outcome, kind: type[Refusal]) -> None:
    """Expect a refusal that leaves no event and says what to type."""
    assert isinstance(outcome.answer, kind), outcome.answer
    assert outcome.log.moment().position == outcome.before
    assert all(understood(line) for line in outcome.answer.fix)


def state(log: EventLog) -> TokenState:
    stream = f"token:{TOKEN}"
    return TokenState.from_facts(log.heads([stream])[1][stream].facts)


def test_a_token_speaks_for_somebody_until_it_ends() -> None:
    story = given().when(asks.issue_token(to=ROBOT, scopes=(Scope.WRITE, Scope.READ), seconds=60))
    found = state(story.log)
    assert (found.actor, found.scopes, found.revoked) == (ROBOT, (Scope.READ, Scope.WRITE), 0)
    assert found.expires_at == int(NOON.timestamp()) * 1_000_000 + 60_000_000


@pytest.mark.parametrize("by", [ROBOT, SCANNER])
def test_only_people_issue_tokens(by: Actor) -> None:
    refused(given().when(asks.issue_token(by=by)), TokenNeedsPerson)


def test_a_revoked_token_stays_revoked() -> None:
    story = given().when(asks.issue_token()).when(asks.revoke_token(by=SCANNER))
    assert state(story.log).revoked == 2
    refused(story.when(asks.revoke_token()), NothingChanged)


def test_an_agent_revokes_no_token() -> None:
    refused(given().when(asks.issue_token()).when(asks.revoke_token(by=ROBOT)), TokenNeedsPerson)


def test_a_token_that_nobody_issued_is_not_found() -> None:
    refused(given().when(asks.revoke_token()), NotFound)
    refused(given().when(asks.revoke_token("orch_secret")), InvalidInput)


@pytest.mark.parametrize("seconds", [0, -1, 366 * 24 * 3600 + 1])
def test_every_token_ends_within_a_year(seconds: int) -> None:
    refused(given().when(asks.issue_token(seconds=seconds)), InvalidInput)


def test_a_token_lets_its_holder_do_something_and_its_digest_is_one() -> None:
    refused(given().when(asks.issue_token(scopes=())), InvalidInput)
    refused(given().when(asks.issue_token(sha256="ab")), InvalidInput)


def test_repeating_the_command_issues_no_second_token() -> None:
    story = given().when(asks.issue_token(command_id="issue"))
    again = story.when(asks.issue_token("ffffffffffff", sha256="cd" * 32, command_id="issue"))
    assert again.log.moment().position == story.log.moment().position
    assert "token:ffffffffffff" not in again.log.heads_below("token:")[1]
    refused(story.when(asks.issue_token("ffffffffffff", to=ADA, command_id="issue")), CommandIdReused)


def test_an_id_names_one_token_for_ever() -> None:
    refused(given().when(asks.issue_token()).when(asks.issue_token(to=ADA)), AlreadyExists)


def test_a_verdict_records_how_it_was_known_who_gave_it() -> None:
    shown = asks.approve("spec", by=GRACE)
    shown = shown._replace(meta=shown.meta._replace(authentication=f"token:{TOKEN}"))
    said = [vars(event).get("authentication") for event in told_by(given().when(asks.draft("spec")).when(shown).log)]
    assert said[-1] == f"token:{TOKEN}"
    claimed = given().when(asks.draft("spec")).when(asks.approve("spec", by=GRACE))
    assert vars(told_by(claimed.log)[-1])["authentication"] == ""


def test_a_head_that_is_no_token_is_damage() -> None:
    with pytest.raises(Damaged):
        TokenState.from_facts({"name": "ada"})
    facts = given().when(asks.issue_token()).log.heads([f"token:{TOKEN}"])[1][f"token:{TOKEN}"].facts
    assert AccessToken.restore(f"token:{TOKEN}", 1, TokenState.from_facts(facts)).head() == facts

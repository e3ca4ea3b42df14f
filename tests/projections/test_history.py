"""What happened, a row for each event."""

import json
from datetime import timedelta

import pytest

from domain.access_token import AccessToken, Scope
from domain.actors import Actor, ActorKind
from domain.errors import UnknownEvent
from domain.events import DomainEvent
from domain.import_claims import TextThere, VerdictThere
from domain.import_events import ClaimedOutcome
from domain.importers import Importer
from domain.ledger import STREAM as LEDGER
from domain.ledger import Ledger
from domain.ledger_events import AlertKind, RecoverySource
from domain.ledger_state import LedgerState
from domain.policy import STREAM as POLICY
from domain.policy import Policy
from domain.policy_state import PolicyState
from domain.project import Project
from domain.project_state import Level
from domain.promotion_facts import ForkFacts
from domain.restore_point import RestorePoint
from domain.steps import Step
from domain.topics import TOPICS
from projections.history import HistoryRow, history
from tests.projections.worlds import ADA, LINUS, ROBOT, START, Story, World


def rows_of(world: World) -> list[HistoryRow]:
    return list(history(world.pairs))


def imported_story(world: World) -> Story:
    """A phase whose spec was written and approved elsewhere."""
    text = TextThere("k1", 1_756_720_800_000_000, Step.SPEC, "# Spec\n", "x/spec.md", 2)
    verdict = VerdictThere("k2", None, Step.SPEC, 2, ClaimedOutcome.APPROVED, "user", "fine", on_text=True)
    return Story(world, "st07-audio-engine").do(
        "take_over",
        (text, verdict),
        importer=Importer.PREDECESSOR,
        source="sha256:" + "ab" * 32,
        items=("k1", "k2"),
        began_at=None,
        blockers={},
        written_here=frozenset(),
        tasks=(),
        path="/old/x",
        left_out=(),
        policy=world.policy,
    )


def world_with_every_topic() -> World:
    world = World()
    at = world.next_minute()
    project = Project.initialise(origin="host/1", public_key="k", name="Sound", by=ADA, at=at)
    world.record(project)
    world.record(Policy.set_up(by=ADA, at=at))
    world.policy = PolicyState(request_expiry_seconds=90)
    story = Story(world).do("retitle", "Engine").draft(Step.SPEC)
    world.minutes += 5
    story.do("request", Step.SPEC, policy=world.policy).reject(Step.SPEC, "vague")
    story.approved_upto(Step.RESEARCH).reopen(Step.SPEC).draft(Step.SPEC).approve(Step.SPEC).reconfirm(Step.RESEARCH)
    story.do("block", "validation_error", description="no test").do("unblock", "B1", reason="written")
    story.do("depend", "st00-base").do("undepend", "st00-base")
    for step in (Step.PLAN, Step.PRD):
        story.draft(step).approve(step)
    story.draft(Step.TASKS, tasks=(("T001",), ("T002", "T001"))).approve(Step.TASKS).start("T001")
    story.complete("T001", note="2 ms").do("reopen_tasks", ["T001"], reason="it clicks")
    story.do("assign_tasks", ["T002"], to="grace").start("T002", forced=True, reason="release night")
    story.do("hand_off", dependencies={}, comments="over to you").do("archive", reason="shipped")
    imported_story(world)
    ledger, by, at = Ledger.restore(LEDGER, 0, LedgerState()), ADA, world.next_minute()
    ledger.rotate("k2", first_key="k", reason="lost", by=by, at=at)
    ledger.redact(3, stream=story.stream, version=1, reason="a name in it", by=by, at=at)
    ledger.review(1, 3, root="ab" * 32, comments="all of it", by=by, at=at)
    monitor = Actor("security-monitor", ActorKind.SERVICE)
    kind, where = AlertKind.INVALID_INPUTS, "192.0.2.1"
    ledger.alert(kind, count=12, threshold=10, seconds=60, sources=where, by=monitor, at=at)
    world.record(ledger)
    at = world.next_minute()
    project.remember("no clicks", level=Level.CRITICAL, phase=None, by=ADA, at=at)
    project.forget(1, reason="none are left", policy=PolicyState(), by=ADA, at=at)
    world.record(project)
    world.record(RestorePoint.name("before-it", position=3, root="ab" * 32, reason="to be safe", by=by, at=at))
    token = AccessToken.issue(
        "0b8f3a52c1d2", to=Actor("grace"), scopes=[Scope.READ], sha256="ab" * 32, seconds=60, reason="", by=by, at=at
    )
    token.revoke(reason="it was in a log", by=by, at=at)
    world.record(token)
    fork = ForkFacts("host/2", "host/2+k3", "host/1", 90, "k2", None)
    ledger.fork(fork, size=len(world.pairs), root="cd" * 32, reason="a mistake", by=by, at=world.next_minute())
    ledger.recover(len(world.pairs), source=RecoverySource.STORE, reason="a mistake", by=by, at=world.at)
    world.record(ledger)
    policy = Policy.restore(POLICY, 1, PolicyState())
    policy.grant("grace", "lead", reason="since today", by=by, at=world.next_minute())
    policy.revoke("grace", "lead", reason="until today", by=by, at=world.at)
    world.record(policy)
    return world


def test_every_topic_has_words() -> None:
    rows = rows_of(world_with_every_topic())
    assert {row["topic"] for row in rows} == set(TOPICS)
    assert all(row["summary"] and row["summary"][-1] != "." for row in rows)
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))


def test_what_an_import_claims_is_marked_and_the_import_itself_is_not() -> None:
    story = imported_story(World())
    opened, imported, drafted, claimed = rows_of(story.world)
    assert [row["imported"] for row in (opened, imported, drafted, claimed)] == [None, None, *["orchestrator-1"] * 2]
    assert drafted["occurred_at"] == "2025-09-01T10:00:00.000000Z" < drafted["recorded_at"]
    assert imported["summary"] == "imported 2 claims of orchestrator-1 from /old/x"
    assert claimed["summary"] == "imported the claim that spec iteration 2 was approved by “user”"
    assert (claimed["actor"], claimed["final"], claimed["policy_version"]) == (
        {"name": "ada", "kind": "human"},
        None,
        None,
    )


def test_a_row_says_who_did_what_when() -> None:
    story = Story(World()).draft(Step.SPEC).approve(Step.SPEC)
    row = rows_of(story.world)[-1]
    assert row == {
        "position": 4,
        "recorded_at": "2026-11-24T14:03:00.000000Z",
        "clock": "2026-11-24T14:03:00.000000Z",
        "skew_us": 0,
        "occurred_at": "2026-11-24T14:03:00.000000Z",
        "topic": "phase.document_approved",
        "stream": "phase:st01-audio-engine",
        "version": 4,
        "phase": "st01-audio-engine",
        "step": "spec",
        "iteration": 1,
        "digest": "sha256:1:spec1",
        "actor": {"name": "grace", "kind": "human"},
        "summary": "approved spec iteration 1",
        "reason": None,
        "comments": "well done",
        "feedback": [],
        "meaning": "approval",
        "final": True,
        "self_approval": False,
        "automatic": False,
        "authentication": None,
        "forced": False,
        "broke": [],
        "ratify_by": None,
        "policy_version": 1,
        "imported": None,
        "erased": False,
        "erased_by": None,
        "command_id": "c3",
    }
    assert json.loads(json.dumps(row)) == row


def test_a_clock_that_went_back_shows_as_skew() -> None:
    world = World()
    world.skew = timedelta(hours=1)
    (row,) = rows_of(Story(world).world)
    assert (row["recorded_at"], row["clock"]) == ("2026-11-24T14:01:00.000000Z", "2026-11-24T13:01:00.000000Z")
    assert row["skew_us"] == 3_600_000_000


def test_an_approval_by_force_says_what_it_set_aside() -> None:
    world = World()
    world.policy = PolicyState(minimum_approvers=2, author_may_not_approve=True)
    row = rows_of(Story(world).draft(Step.SPEC).approve(Step.SPEC, by=ADA, forced=True, reason="release day").world)[-1]
    assert (row["forced"], row["self_approval"]) == (True, True)
    assert row["broke"] == ["author_may_not_approve", "minimum_approvers"]
    assert row["reason"] == "release day"
    assert row["summary"] == (
        "approved spec iteration 1 as its own author, setting aside author_may_not_approve, minimum_approvers"
    )


def test_an_approval_that_is_not_the_last_says_so() -> None:
    world = World()
    world.policy = PolicyState(minimum_approvers=2)
    row = rows_of(Story(world).draft(Step.SPEC).approve(Step.SPEC, by=LINUS).world)[-1]
    assert (row["final"], row["summary"]) == (False, "approved spec iteration 1; more approvals are needed")


def test_a_rejection_carries_its_feedback_and_the_next_draft_answers_it() -> None:
    rows = rows_of(Story(World()).draft(Step.SPEC).reject(Step.SPEC, "vague", "long").draft(Step.SPEC).world)
    assert [row["feedback"] for row in rows if row["feedback"]] == [["vague", "long"]]
    assert rows[4]["summary"] == "drafted spec iteration 2, answering the feedback"


def test_events_of_project_policy_and_ledger_belong_to_no_phase() -> None:
    project, policy, *others = rows_of(world_with_every_topic())
    assert (project["phase"], project["summary"]) == (None, "began the log of Sound (host/1)")
    assert (policy["phase"], policy["summary"]) == (
        None,
        "put the policy in force: 1 approver, also the author, people only, requests do not expire",
    )
    size = len(others) - 2
    assert {row["phase"] for row in others[:-13]} == {"st01-audio-engine", "st07-audio-engine"}
    assert [(row["summary"], row["reason"] or row["comments"], row["phase"]) for row in others[-13:]] == [
        ("replaced the key that speaks for the log", "lost", None),
        ("erased the text of position 3 (phase:st01-audio-engine version 1)", "a name in it", None),
        ("reviewed positions 1 to 3", "all of it", None),
        ("raised an alert: 12 × invalid inputs within 60 s", "192.0.2.1", None),
        ("remembered directive 1 (critical): no clicks", None, None),
        ("took directive 1 back", "none are left", None),
        ("named position 3 before-it", "to be safe", None),
        ("issued the token 0b8f3a52c1d2 to grace (human): read, until 2026-11-24T14:41:00.000000Z", None, None),
        ("revoked the token 0b8f3a52c1d2", "it was in a log", None),
        (f"left host/1 at position {size} ({90 - size} later events) and went on as host/2", "a mistake", None),
        (f"recovered positions 1 to {size} from the store", "a mistake", None),
        ("gave grace the role lead", "since today", None),
        ("took the role lead from grace", "until today", None),
    ]


def test_an_agent_is_shown_as_one() -> None:
    row = rows_of(Story(World()).draft(Step.SPEC, by=ROBOT).world)[-1]
    assert row["actor"] == {"name": "robot", "kind": "agent"}


def test_erased_events_keep_their_rows_without_their_words() -> None:
    world = world_with_every_topic()
    before = rows_of(world)
    world.erase_everything()
    after = rows_of(world)
    assert len(before) == len(after)
    assert [row["erased"] for row in after] == [bool(event.PAYLOAD) for _, event in world.pairs]
    assert not any(row["erased"] for row in before)
    assert any(row["reason"] or row["comments"] or row["feedback"] for row in before)
    assert not any(row["reason"] or row["comments"] or row["feedback"] for row in after)
    assert after[2]["summary"] == "opened the phase: [erased]"
    for then, now in zip(before, after, strict=True):
        changed = {name for name, value in now.items() if value != then.get(name)}
        assert changed <= {"summary", "reason", "comments", "feedback", "erased"}


def test_an_event_without_words_is_an_error_and_not_a_gap() -> None:
    (record, event), *_ = Story(World()).world.pairs
    common = {name: getattr(event, name) for name in DomainEvent.FIELDS}
    with pytest.raises(UnknownEvent):
        list(history([(record, DomainEvent(**common))]))


def test_the_time_an_actor_claims_is_kept_beside_the_recorded_one() -> None:
    (record, event), *_ = Story(World()).world.pairs
    (row,) = history([(record, event.but(timestamp=START - timedelta(days=1)))])
    assert (row["occurred_at"], row["recorded_at"]) == ("2026-11-23T14:00:00.000000Z", "2026-11-24T14:01:00.000000Z")

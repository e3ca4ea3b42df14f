"""The answer to a write, made from the command's own events."""

import json

import pytest

from domain.errors import UnknownEvent
from domain.event_log import Record
from domain.events import DomainEvent
from domain.policy import Policy
from domain.policy_state import PolicyState
from domain.project import Project
from domain.steps import Step
from domain.topics import TOPICS
from projections.outcomes import Outcome, outcome, sentence
from tests.projections.test_history import world_with_every_topic
from tests.projections.worlds import ADA, Story, World


def last(story: Story) -> Outcome:
    return outcome(story.last)


def said(story: Story) -> str:
    return sentence(last(story))


def test_a_draft_answers_with_its_iteration_and_digest() -> None:
    result = last(Story(World()).draft(Step.SPEC))
    assert result == {
        "command_id": "c2",
        "position": 3,
        "recorded_at": "2026-11-24T14:02:00.000000Z",
        "actor": {"name": "ada", "kind": "human"},
        "phase": "st01-audio-engine",
        "step": "spec",
        "iteration": 1,
        "digest": "sha256:1:spec1",
        "events": [
            {"position": 2, "topic": "phase.document_drafted"},
            {"position": 3, "topic": "phase.approval_requested"},
        ],
        "final": None,
        "self_approval": False,
        "automatic": False,
        "authentication": None,
        "forced": False,
        "broke": [],
        "ratify_by": None,
        "quality": None,
        "expires_at": None,
        "stale_steps": [],
        "expired_steps": [],
        "withdrew_handoff": False,
        "blocker": None,
        "depends_on": None,
        "tasks": [],
        "reopened_tasks": [],
        "assignee": None,
        "policy": None,
        "role": None,
        "directive": None,
        "origin": None,
        "redacted": None,
        "reviewed": None,
        "forked": None,
        "point": None,
        "token": None,
    }
    assert json.loads(json.dumps(result)) == result


def test_sentences_say_what_a_command_did() -> None:
    world = World()
    story = Story(world)
    name = story.name
    assert said(story) == f"{name}: opened"
    assert said(story.draft(Step.SPEC)) == f"{name}: spec iteration 1 recorded, waiting for approval"
    assert said(story.reject(Step.SPEC, "vague")) == f"{name}: spec iteration 1 rejected"
    assert said(story.draft(Step.SPEC)) == f"{name}: spec iteration 2 recorded, waiting for approval"
    assert said(story.do("request", Step.SPEC, policy=world.policy)) == (
        f"{name}: approval of spec iteration 2 requested"
    )
    assert said(story.approve(Step.SPEC, by=ADA)) == f"{name}: spec iteration 2 approved; a self-approval"
    assert said(story.do("retitle", "Engine")) == f"{name}: retitled"
    assert said(story.do("depend", "st00-base")) == f"{name}: waits for st00-base now"
    assert said(story.do("undepend", "st00-base")) == f"{name}: no longer waits for st00-base"
    assert said(story.do("block", "validation_error", description="d")) == f"{name}: blocked by B1"
    assert said(story.do("unblock", "B1", reason="")) == f"{name}: B1 resolved"
    for step in Step.SPEC.later:
        story.draft(step).approve(step)
    assert said(story.do("hand_off", dependencies={}, comments="")) == f"{name}: handed off"
    assert said(story.reopen(Step.PRD)) == f"{name}: prd reopened; tasks is stale now; the handoff is withdrawn"
    story.draft(Step.PRD).approve(Step.PRD)
    assert said(story.reconfirm(Step.TASKS)) == f"{name}: tasks iteration 1 reconfirmed"
    assert said(story.reopen(Step.PLAN)) == f"{name}: plan reopened; prd, tasks are stale now"
    assert said(story.do("archive", reason="shipped")) == f"{name}: archived"


def test_a_first_spec_is_about_its_draft_and_not_about_the_opening() -> None:
    world = World()
    story = Story(world).draft(Step.SPEC)
    assert sentence(outcome(world.pairs)) == f"{story.name}: spec iteration 1 recorded, waiting for approval"


def test_approvals_that_are_not_enough_say_so() -> None:
    world = World()
    world.policy = PolicyState(minimum_approvers=2)
    story = Story(world).draft(Step.SPEC).approve(Step.SPEC)
    assert (last(story)["final"], last(story)["digest"]) == (False, "sha256:1:spec1")
    assert said(story) == f"{story.name}: spec iteration 1: an approval was recorded; more approvals are needed"


def test_force_is_part_of_the_answer() -> None:
    world = World()
    world.policy = PolicyState(minimum_approvers=2)
    story = Story(world).draft(Step.SPEC).approve(Step.SPEC, forced=True, reason="release day")
    assert (last(story)["forced"], last(story)["broke"]) == (True, ["minimum_approvers"])
    assert said(story) == f"{story.name}: spec iteration 1 approved; by force, setting aside minimum_approvers"


def test_a_request_says_when_it_expires_and_a_late_command_what_expired() -> None:
    world = World()
    world.policy = PolicyState(request_expiry_seconds=60)
    story = Story(world).draft(Step.SPEC)
    assert last(story)["expires_at"] == "2026-11-24T14:03:00.000000Z"
    assert said(story).endswith("; the request expires at 2026-11-24T14:03:00.000000Z")
    result = last(story.do("block", "validation_error", description="d"))
    assert (result["expired_steps"], result["blocker"], result["step"]) == (["spec"], "B1", None)
    assert sentence(result) == f"{story.name}: blocked by B1; the request to approve spec had expired"


def test_the_project_and_its_policy_answer_without_a_phase() -> None:
    world = World()
    at = world.next_minute()
    project = world.record(Project.initialise(origin="host/1", public_key="k", name="n", by=ADA, at=at))
    policy = Policy.set_up(by=ADA, at=at)
    begun = outcome(project + world.record(policy))
    assert (begun["phase"], begun["origin"], sentence(begun)) == (None, "host/1", "the log host/1 begins")
    policy.change(PolicyState(minimum_approvers=2), reason="", by=ADA, at=world.next_minute())
    changed = outcome(world.record(policy))
    assert changed["policy"] == {**PolicyState(minimum_approvers=2).rules(), "approvers": {}, "approver_roles": {}}
    assert sentence(changed) == "the policy changed"


def test_every_event_has_an_outcome_and_erasing_words_changes_none() -> None:
    world = world_with_every_topic()

    def outcomes() -> list[tuple[Outcome, str]]:
        commands: dict[str, list[tuple[Record, DomainEvent]]] = {}
        for pair in world.pairs:
            commands.setdefault(pair[0].command_id, []).append(pair)
        return [(outcome(pairs), sentence(outcome(pairs))) for pairs in commands.values()]

    before = outcomes()
    assert {event["topic"] for result, _ in before for event in result["events"]} == set(TOPICS)
    world.erase_everything()
    assert outcomes() == before


def test_an_event_without_an_outcome_is_an_error() -> None:
    (record, event), *_ = Story(World()).world.pairs
    common = {name: getattr(event, name) for name in DomainEvent.FIELDS}
    with pytest.raises(UnknownEvent):
        outcome([(record, DomainEvent(**common))])

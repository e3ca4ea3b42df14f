"""Where a phase stands, from its head and what its events tell."""

import json

from domain.policy_state import PolicyState
from domain.steps import Step
from projections.phase_status import PhaseStatus, phase_status, places
from tests.projections.worlds import ADA, GRACE, Story, World


def status_of(story: Story) -> PhaseStatus:
    world = story.world
    return phase_status(story.head, world.told(places(story.head)), now_us=world.now, policy=world.policy)


def test_a_fresh_phase_starts_with_its_spec() -> None:
    status = status_of(Story(World()))
    assert (status["phase"], status["title"], status["title_erased"]) == ("st01-audio-engine", "The Engine", False)
    assert (status["current_step"], status["next_action"]) == ("spec", "start_specification")
    assert status["steps"]["spec"] == {
        "state": "not_started",
        "iteration": 0,
        "digest": None,
        "author": None,
        "drafted_at": None,
        "expires_at": None,
        "verdict_by": None,
        "verdict_at": None,
        "claim": None,
        "self_approval": False,
        "automatic": False,
        "forced": False,
        "break_glass": None,
        "approvals": {"given": 0, "needed": 1, "by": []},
        "feedback": [],
        "stale_because": None,
        "quality": None,
    }
    assert status["next_commands"] == ['orch spec st01-audio-engine --objectives "what it must achieve"']


def test_a_draft_waits_for_a_verdict() -> None:
    story = Story(World()).draft(Step.SPEC)
    status = status_of(story)
    spec = status["steps"]["spec"]
    assert (spec["state"], spec["iteration"], spec["digest"]) == ("awaiting_approval", 1, "sha256:1:spec1")
    assert spec["author"] == {"name": "ada", "kind": "human"}
    assert spec["drafted_at"] == story.world.time_of("phase.document_drafted")
    assert status["next_action"] == "await_spec_approval"
    assert status["next_commands"] == [
        "orch approve st01-audio-engine spec",
        'orch reject st01-audio-engine spec --feedback "what must change"',
    ]


def test_an_approval_names_who_gave_it_and_when() -> None:
    story = Story(World()).approved_upto(Step.SPEC)
    status = status_of(story)
    spec = status["steps"]["spec"]
    assert (spec["verdict_by"], spec["verdict_at"]) == (
        {"name": "grace", "kind": "human"},
        story.world.time_of("phase.document_approved"),
    )
    assert spec["approvals"] == {"given": 1, "needed": 1, "by": [{"name": "grace", "kind": "human"}]}
    assert (status["completed_steps"], status["current_step"]) == (["spec"], "research")


def test_an_approval_by_the_author_is_marked() -> None:
    status = status_of(Story(World()).draft(Step.SPEC).approve(Step.SPEC, by=ADA))
    assert status["steps"]["spec"]["self_approval"] is True


def test_a_policy_made_stricter_later_does_not_ask_more_of_an_approved_step() -> None:
    story = Story(World()).approved_upto(Step.SPEC)
    story.world.policy = PolicyState(minimum_approvers=3)
    steps = status_of(story)["steps"]
    assert (steps["spec"]["approvals"]["needed"], steps["research"]["approvals"]["needed"]) == (1, 3)


def test_one_of_two_approvals_leaves_the_step_waiting() -> None:
    world = World()
    world.policy = PolicyState(minimum_approvers=2)
    spec = status_of(Story(world).draft(Step.SPEC).approve(Step.SPEC))["steps"]["spec"]
    assert (spec["state"], spec["verdict_by"]) == ("awaiting_approval", None)
    assert spec["approvals"] == {"given": 1, "needed": 2, "by": [{"name": "grace", "kind": "human"}]}


def test_force_is_marked() -> None:
    world = World()
    world.policy = PolicyState(minimum_approvers=2)
    story = Story(world).draft(Step.SPEC).approve(Step.SPEC, forced=True, reason="release day")
    spec = status_of(story)["steps"]["spec"]
    assert (spec["state"], spec["forced"]) == ("approved", True)


def test_a_rejection_shows_its_feedback_until_it_is_answered() -> None:
    story = Story(World()).draft(Step.SPEC).reject(Step.SPEC, "too vague", "no numbers")
    spec = status_of(story)["steps"]["spec"]
    assert (spec["state"], spec["verdict_by"]) == ("rejected", {"name": "grace", "kind": "human"})
    assert spec["feedback"] == [
        {
            "position": story.world.position_of("phase.document_rejected"),
            "topic": "phase.document_rejected",
            "by": {"name": "grace", "kind": "human"},
            "at": story.world.time_of("phase.document_rejected"),
            "points": ["too vague", "no numbers"],
            "erased": False,
        }
    ]
    spec = status_of(story.draft(Step.SPEC))["steps"]["spec"]
    assert (spec["state"], spec["iteration"], spec["feedback"], spec["verdict_by"]) == (
        "awaiting_approval",
        2,
        [],
        None,
    )


def test_a_request_expires_when_its_time_has_come() -> None:
    world = World()
    world.policy = PolicyState(request_expiry_seconds=3600)
    story = Story(world).draft(Step.SPEC)
    assert status_of(story)["steps"]["spec"]["expires_at"] == "2026-11-24T15:02:00.000000Z"
    world.minutes += 59
    assert status_of(story)["steps"]["spec"]["state"] == "awaiting_approval"
    world.minutes += 1
    status = status_of(story)
    assert status["steps"]["spec"]["state"] == "expired"
    assert status["next_commands"][0] == "orch request st01-audio-engine spec"


def test_a_stale_step_names_the_step_and_the_position_that_made_it_so() -> None:
    story = Story(World()).approved_upto(Step.PLAN).reopen(Step.SPEC)
    steps = status_of(story)["steps"]
    because = {
        "step": "spec",
        "position": story.world.position_of("phase.step_reopened"),
        "reason": "the sample rate changed",
        "erased": False,
    }
    assert (steps["spec"]["state"], steps["spec"]["stale_because"]) == ("reopened", None)
    assert [steps[s]["state"] for s in ("research", "plan", "prd")] == ["stale", "stale", "not_started"]
    assert steps["plan"]["stale_because"] == because
    assert steps["plan"]["verdict_by"] is None


def test_a_stale_step_that_was_approved_may_be_reconfirmed_or_drafted_anew() -> None:
    story = Story(World()).approved_upto(Step.RESEARCH).reopen(Step.SPEC).draft(Step.SPEC).approve(Step.SPEC)
    assert status_of(story)["next_commands"] == [
        'orch reconfirm st01-audio-engine research --reason "why it still holds"',
        'orch research st01-audio-engine --foundation "what is known"',
    ]
    status = status_of(story.reconfirm(Step.RESEARCH))
    assert status["steps"]["research"]["state"] == "approved"
    assert status["steps"]["research"]["verdict_at"] == story.world.time_of("phase.document_reconfirmed")


def test_blockers_and_dependencies_are_shown() -> None:
    story = Story(World()).do("block", "resource_unavailable", description="no sound card")
    story.do("block", "validation_error", description="no test").do("unblock", "B2", reason="")
    story.do("depend", "st00-base")
    status = status_of(story)
    first, second = status["blockers"]
    assert (first["id"], first["type"], first["description"]) == ("B1", "resource_unavailable", "no sound card")
    assert (first["resolved"], first["by"]) == (None, {"name": "ada", "kind": "human"})
    assert (second["resolved"], second["resolved_by"]) == (
        story.world.time_of("phase.unblocked"),
        {"name": "ada", "kind": "human"},
    )
    assert status["depends_on"] == ["st00-base"]


def test_a_blocked_phase_with_all_documents_approved_says_how_to_unblock_it() -> None:
    story = Story(World()).approved_upto(Step.TASKS).do("block", "validation_error", description="no test")
    assert status_of(story)["next_commands"] == ["orch unblock st01-audio-engine B1"]
    assert status_of(story.do("unblock", "B1", reason=""))["next_commands"] == ["orch handoff st01-audio-engine"]


def test_a_handed_off_phase_is_complete() -> None:
    story = Story(World()).handed_off()
    status = status_of(story)
    assert (status["current_step"], status["next_action"], status["next_commands"]) == (None, "completed", [])
    assert status["handed_off"] == {
        "at": story.world.time_of("phase.handed_off"),
        "by": {"name": "ada", "kind": "human"},
        "position": story.world.position_of("phase.handed_off"),
        "words": "over to you",
        "erased": False,
    }
    archived = status_of(story.do("archive", reason="shipped"))["archived"]
    assert archived is not None
    assert archived["words"] == "shipped"


def test_an_erased_phase_keeps_its_facts_and_says_what_was_erased() -> None:
    story = Story(World()).approved_upto(Step.PLAN).reopen(Step.SPEC).do("block", "validation_error", description="d")
    story.do("archive", reason="shipped")
    before = status_of(story)
    story.world.erase_everything()
    status = status_of(story)
    assert (status["title"], status["title_erased"]) == ("Audio Engine", True)
    assert (status["blockers"][0]["description"], status["blockers"][0]["erased"]) == (None, True)
    assert [(f["points"], f["erased"]) for f in status["steps"]["spec"]["feedback"]] == [([], True)]
    because = status["steps"]["plan"]["stale_because"]
    assert because is not None
    assert (because["reason"], because["erased"]) == (None, True)
    assert status["archived"] is not None
    assert (status["archived"]["words"], status["archived"]["erased"]) == (None, True)
    assert status["steps"]["plan"]["digest"] == before["steps"]["plan"]["digest"] == "sha256:1:plan1"


def test_a_status_is_plain_data() -> None:
    story = Story(World()).approved_upto(Step.SPEC).draft(Step.RESEARCH).reject(Step.RESEARCH, "more")
    status = status_of(story)
    assert json.loads(json.dumps(status)) == status


def test_only_the_verdict_that_still_holds_is_shown() -> None:
    story = Story(World()).approved_upto(Step.SPEC).reopen(Step.SPEC)
    spec = status_of(story)["steps"]["spec"]
    assert (spec["state"], spec["verdict_by"], spec["approvals"]["by"]) == ("reopened", None, [])
    assert [f["points"] for f in spec["feedback"]] == [["the sample rate changed"]]
    assert spec["feedback"][0]["by"]["name"] == GRACE.name

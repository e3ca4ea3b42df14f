"""Which missing event blocks a step or the handoff."""

import json
from collections.abc import Sequence

from domain.policy_state import PolicyState
from domain.steps import Step
from projections.why import Why, places, why
from tests.projections.worlds import ADA, LINUS, Story, World

PHASE = "st01-audio-engine"


def why_of(story: Story, step: Step | None = None) -> Why:
    world, depends_on = story.world, story.phase.state.depends_on
    return why(
        story.head,
        step,
        world.told(places(story.head)),
        now_us=world.now,
        policy=world.policy,
        dependencies={on: world.heads.get(f"phase:{on}") for on in depends_on},
    )


def reasons(found: Why) -> Sequence[str]:
    return [missing["because"] for missing in found["missing"]]


def test_nothing_blocks_an_approved_step() -> None:
    found = why_of(Story(World()).approved_upto(Step.SPEC), Step.SPEC)
    assert (found["blocked"], found["missing"]) == (False, [])
    assert found["summary"] == f"Nothing blocks spec of {PHASE}: iteration 1 is approved"


def test_nothing_blocks_the_handoff_once_all_is_approved() -> None:
    found = why_of(Story(World()).approved_upto(Step.TASKS))
    assert (found["blocked"], found["step"], found["missing"]) == (False, "handoff", [])
    assert found["summary"] == f"Nothing blocks the handoff of {PHASE}"
    assert found["next_commands"] == [f"orch handoff {PHASE}"]


def test_nothing_blocks_a_phase_that_has_been_handed_off() -> None:
    found = why_of(Story(World()).handed_off())
    assert (found["blocked"], found["next_commands"]) == (False, [])
    assert found["summary"] == f"Nothing blocks {PHASE}: it has been handed off"


def test_the_chain_leads_down_to_the_first_thing_to_do() -> None:
    found = why_of(Story(World()).draft(Step.SPEC), Step.PLAN)
    assert [(m["missing_topic"], m["step"]) for m in found["missing"]] == [
        ("phase.document_approved", "spec"),
        ("phase.document_drafted", "research"),
        ("phase.document_drafted", "plan"),
    ]
    assert reasons(found) == [
        "spec iteration 1 waits for approval by a person",
        "research has not been drafted; spec comes first",
        "plan has not been drafted; spec comes first",
    ]
    assert found["missing"][0]["fix"][0] == f"orch approve {PHASE} spec" == found["next_commands"][0]
    assert [m["fix"] for m in found["missing"][1:]] == [[], []]


def test_a_missing_approver_is_counted_and_named() -> None:
    world = World()
    world.policy = PolicyState(minimum_approvers=3, author_may_not_approve=True, agents_may_not_approve=False)
    (missing,) = why_of(Story(world).draft(Step.SPEC).approve(Step.SPEC, by=LINUS), Step.SPEC)["missing"]
    assert missing["approvers"] == {
        "given": 1,
        "needed": 3,
        "by": [{"name": "linus", "kind": "human"}],
        "not_by": ["linus", "ada"],
        "people_only": False,
        "role": None,
        "holders": [],
    }
    assert missing["because"] == (
        "spec iteration 1 waits for approval (1 of 3 given, by linus) by somebody other than linus or ada"
    )


def test_where_anybody_may_approve_nobody_is_ruled_out() -> None:
    world = World()
    world.policy = PolicyState(agents_may_not_approve=False)
    assert reasons(why_of(Story(world).draft(Step.SPEC), Step.SPEC)) == ["spec iteration 1 waits for approval"]


def test_an_expired_request_must_be_made_again() -> None:
    world = World()
    world.policy = PolicyState(request_expiry_seconds=60)
    story = Story(world).draft(Step.SPEC)
    world.minutes += 1
    (missing,) = why_of(story, Step.SPEC)["missing"]
    assert missing["missing_topic"] == "phase.approval_requested"
    assert missing["because"] == "the request to approve spec iteration 1 has expired at 2026-11-24T14:03:00.000000Z"
    assert missing["fix"][0] == f"orch request {PHASE} spec"


def test_a_rejection_says_who_wants_what() -> None:
    (missing,) = why_of(Story(World()).draft(Step.SPEC).reject(Step.SPEC, "too vague", "no numbers"), Step.SPEC)[
        "missing"
    ]
    assert missing["missing_topic"] == "phase.document_drafted"
    assert missing["because"] == "spec iteration 1 was rejected by grace: too vague; no numbers"


def test_a_stale_step_names_its_cause_and_position() -> None:
    story = Story(World()).approved_upto(Step.RESEARCH).draft(Step.PLAN).reopen(Step.SPEC)
    position = story.world.position_of("phase.step_reopened")
    found = why_of(story, Step.PLAN)
    assert [m["missing_topic"] for m in found["missing"]] == [
        "phase.document_drafted",
        "phase.document_reconfirmed",
        "phase.document_drafted",
    ]
    assert reasons(found) == [
        "spec was reopened after iteration 1 by grace: the sample rate changed",
        f"research iteration 1 is stale since spec was reopened at position {position}"
        ", to be reconfirmed by a person; spec comes first",
        f"plan iteration 1 is stale since spec was reopened at position {position}; spec comes first",
    ]


def test_an_open_blocker_blocks_the_handoff_and_no_step() -> None:
    story = Story(World()).approved_upto(Step.TASKS).do("block", "resource_unavailable", description="no sound card")
    (missing,) = why_of(story)["missing"]
    assert (missing["missing_topic"], missing["because"]) == (
        "phase.unblocked",
        "B1 (resource_unavailable) is open: no sound card",
    )
    assert missing["fix"] == [f"orch unblock {PHASE} B1"]
    assert why_of(story, Step.TASKS)["missing"] == []


def test_a_dependency_says_how_far_it_is() -> None:
    world = World()
    story = Story(world).approved_upto(Step.TASKS).do("depend", "st00-base")
    base = Story(world, "st00-base").draft(Step.SPEC)
    (missing,) = why_of(story)["missing"]
    assert (missing["missing_topic"], missing["phase"]) == ("phase.handed_off", "st00-base")
    assert missing["because"] == (
        "it depends on st00-base, which has not been handed off: there, spec iteration 1 waits for approval"
    )
    remove = f"orch depend {PHASE} --on st00-base --remove"
    assert missing["fix"] == ["orch approve st00-base spec", remove]
    base.approve(Step.SPEC)
    for step in Step.SPEC.later:
        base.draft(step).approve(step)
    assert why_of(story)["missing"][0]["fix"] == ["orch handoff st00-base", remove]
    base.do("depend", "st99-far")
    assert why_of(story)["missing"][0]["fix"] == ["orch why st00-base", remove]
    base.do("block", "validation_error", description="d")
    assert why_of(story)["missing"][0]["fix"] == ["orch unblock st00-base B1", remove]
    base.do("archive", reason="given up")
    assert reasons(why_of(story)) == ["it depends on st00-base, which has not been handed off and is archived"]


def test_a_dependency_that_was_handed_off_blocks_nothing() -> None:
    world = World()
    Story(world, "st00-base").handed_off()
    assert why_of(Story(world).approved_upto(Step.TASKS).do("depend", "st00-base"))["missing"] == []


def test_a_dependency_that_nobody_knows_can_be_removed() -> None:
    (missing,) = why_of(Story(World()).approved_upto(Step.TASKS).do("depend", "st00-base"))["missing"]
    assert missing["because"] == "it depends on st00-base, which did not exist"
    assert missing["fix"] == [f"orch depend {PHASE} --on st00-base --remove"]


def test_an_archived_phase_is_read_only() -> None:
    story = Story(World()).draft(Step.SPEC).do("archive", reason="given up")
    for step in (None, Step.SPEC):
        (missing,) = why_of(story, step)["missing"]
        assert missing["missing_topic"] is None
        assert missing["because"] == f"{PHASE} is archived and read-only since 2026-11-24T14:03:00.000000Z"


def test_what_was_erased_is_called_erased() -> None:
    story = Story(World()).do("block", "validation_error", description="d").draft(Step.SPEC).reject(Step.SPEC, "vague")
    story.world.erase_everything()
    found = why_of(story)
    assert reasons(found)[0] == "spec iteration 1 was rejected by grace: [erased]"
    assert reasons(found)[-1] == "B1 (validation_error) is open: [erased]"


def test_an_explanation_is_plain_data() -> None:
    found = why_of(Story(World()).draft(Step.SPEC).approve(Step.SPEC, by=ADA))
    assert json.loads(json.dumps(found)) == found

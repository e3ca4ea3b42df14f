"""The predecessor's state file, name by name."""

import json

from domain.steps import Step
from projections.state_file import StateFile, places, state_file
from tests.next_actions import NEXT_ACTIONS
from tests.projections.worlds import Story, World


def file_of(story: Story) -> StateFile:
    return state_file(story.head, story.world.told(places(story.head)), version="1.2.3")


def test_the_file_has_the_names_that_scripts_read() -> None:
    story = Story(World()).approved_upto(Step.SPEC).draft(Step.RESEARCH).do("depend", "st00-base")
    story.do("block", "resource_unavailable", description="no sound card")
    expected = {
        "phase": "st01-audio-engine",
        "phaseTitle": "The Engine",
        "currentStep": "research",
        "completedSteps": ["spec"],
        "approvals": {
            "spec": {
                "timestamp": "2026-11-24T14:03:00.000000Z",
                "iteration": 1,
                "approved_by": "grace",
                "comments": "well done",
            },
            "research": None,
            "plan": None,
            "prd": None,
            "tasks": None,
        },
        "iterations": {"spec": 1, "research": 1, "plan": 0, "prd": 0, "tasks": 0},
        "blockers": [
            {
                "id": "B1",
                "type": "resource_unavailable",
                "description": "no sound card",
                "created": "2026-11-24T14:06:00.000000Z",
            }
        ],
        "nextAction": "await_research_approval",
        "dependencies": ["st00-base"],
        "metadata": {
            "created": "2026-11-24T14:01:00.000000Z",
            "lastModified": "2026-11-24T14:06:00.000000Z",
            "orchestratorVersion": "1.2.3",
        },
    }
    assert json.loads(json.dumps(file_of(story))) == expected


def test_a_resolved_blocker_says_when() -> None:
    story = Story(World()).do("block", "validation_error", description="d").do("unblock", "B1", reason="")
    (blocker,) = file_of(story)["blockers"]
    assert blocker["resolved"] == "2026-11-24T14:03:00.000000Z"


def test_the_next_actions_lead_from_the_first_step_to_the_end() -> None:
    story = Story(World())
    seen = []
    for step in Step:
        seen += [(file_of(story)["currentStep"], file_of(story)["nextAction"])]
        seen += [(file_of(story.draft(step))["currentStep"], file_of(story)["nextAction"])]
        story.approve(step)
    seen += [(file_of(story)["currentStep"], file_of(story)["nextAction"])]
    story.do("hand_off", dependencies={}, comments="")
    assert tuple(action for _, action in seen) == NEXT_ACTIONS[:-1]
    assert seen[-1][0] == "handoff"
    assert (file_of(story)["currentStep"], file_of(story)["nextAction"]) == (None, NEXT_ACTIONS[-1])


def test_a_reconfirmation_counts_as_the_approval() -> None:
    story = Story(World()).approved_upto(Step.RESEARCH).reopen(Step.SPEC).draft(Step.SPEC).approve(Step.SPEC)
    assert file_of(story)["approvals"]["research"] is None
    approval = file_of(story.reconfirm(Step.RESEARCH))["approvals"]["research"]
    assert approval is not None
    assert (approval["comments"], approval["timestamp"]) == (
        "still true",
        story.world.time_of("phase.document_reconfirmed"),
    )


def test_erased_words_are_called_erased() -> None:
    story = Story(World()).approved_upto(Step.SPEC).do("block", "validation_error", description="d")
    story.world.erase_everything()
    state = file_of(story)
    assert (state["phaseTitle"], state["blockers"][0]["description"]) == ("Audio Engine", "[erased]")
    approval = state["approvals"]["spec"]
    assert approval is not None
    assert (approval["comments"], approval["approved_by"]) == ("[erased]", "grace")

"""What can be done now in all phases."""

from domain.policy_state import PolicyState
from domain.steps import Step
from projections.next_steps import NextStep, next_steps, places
from tests.projections.worlds import Story, World


def steps_of(world: World, *, limit: int | None = None) -> list[NextStep]:
    heads = list(world.heads.values())
    return next_steps(heads, world.told(places(heads)), now_us=world.now, policy=world.policy, limit=limit)


def test_verdicts_come_first_then_handoffs_then_texts_and_what_is_blocked_last() -> None:
    world = World()
    Story(world, "st05-ready").approved_upto(Step.TASKS)
    Story(world, "st04-waits").draft(Step.SPEC)
    Story(world, "st03-waits-too").draft(Step.SPEC)
    Story(world, "st02-blocked").draft(Step.SPEC).do("block", "validation_error", description="no test")
    Story(world, "st01-fresh")
    Story(world, "st00-done").handed_off()
    assert [(s["phase"], s["role"], s["command"]) for s in steps_of(world)] == [
        ("st03-waits-too", "approver", "orch approve st03-waits-too spec"),
        ("st04-waits", "approver", "orch approve st04-waits spec"),
        ("st05-ready", "anyone", "orch handoff st05-ready"),
        ("st01-fresh", "author", 'orch spec st01-fresh --objectives "what it must achieve"'),
        ("st02-blocked", "approver", "orch approve st02-blocked spec"),
        ("st02-blocked", "anyone", "orch unblock st02-blocked B1"),
    ]


def test_nothing_is_cut_without_a_limit() -> None:
    world = World()
    for number in range(10, 40):
        Story(world, f"st{number}-engine")
    assert len(steps_of(world)) == 30
    assert [s["phase"] for s in steps_of(world, limit=2)] == ["st10-engine", "st11-engine"]


def test_a_step_says_why_and_who_wrote_the_text() -> None:
    world = World()
    world.policy = PolicyState(minimum_approvers=2)
    Story(world).draft(Step.SPEC).approve(Step.SPEC)
    (step,) = steps_of(world)
    assert step["because"] == "spec iteration 1 waits for approval (1 of 2 given, by grace)"
    assert (step["state"], step["author"]) == ("awaiting_approval", {"name": "ada", "kind": "human"})
    assert step["instead"] == ['orch reject st01-audio-engine spec --feedback "what must change"']


def test_a_phase_that_waits_for_another_is_not_offered() -> None:
    world = World()
    Story(world, "st02-waits").approved_upto(Step.TASKS).do("depend", "st01-base")
    base = Story(world, "st01-base")
    assert [s["phase"] for s in steps_of(world)] == ["st01-base"]
    base.do("archive", reason="given up")
    (step,) = steps_of(world)
    assert (step["command"], step["instead"]) == ("orch depend st02-waits --on st01-base --remove", [])
    assert step["because"] == "it depends on st01-base, which will not be handed off"


def test_a_phase_whose_dependencies_are_settled_can_be_handed_off() -> None:
    world = World()
    Story(world, "st01-base").handed_off()
    Story(world, "st02-waits").approved_upto(Step.TASKS).do("depend", "st01-base")
    assert [s["command"] for s in steps_of(world)] == ["orch handoff st02-waits"]


def test_nothing_waits_in_an_empty_log() -> None:
    assert steps_of(World()) == []


def test_erased_words_are_called_erased() -> None:
    world = World()
    Story(world).approved_upto(Step.TASKS).do("block", "validation_error", description="no test")
    world.erase_everything()
    (step,) = steps_of(world)
    assert (step["title"], step["title_erased"]) == ("Audio Engine", True)
    assert step["because"] == "B1 (validation_error) is open: [erased]"

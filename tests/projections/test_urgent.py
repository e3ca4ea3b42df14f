"""What is seen of a phase at a glance is what its whole state says, and the first things to do are the same."""

import pytest

from domain.phase_glance import Glance, glance
from domain.phase_state import PhaseState
from domain.policy_state import PolicyState
from domain.steps import Step, StepState
from domain.tasks import TaskState
from domain.times import microseconds
from projections.next_steps import NextStep, next_steps, places
from projections.task_list import outline_places, ready
from projections.urgent import urgent
from tests.projections.worlds import ADA, GRACE, LINUS, Story, World

TASKS = (("T001",), ("T002", "T001"), ("T003",))
HOUR = 3_600_000_000


def busy() -> World:
    """Return a world with phases in every state that there is."""
    world = World()
    Story(world, "st01-fresh")
    Story(world, "st02-waits").draft(Step.SPEC)
    Story(world, "st03-rejected").draft(Step.SPEC).reject(Step.SPEC, "more")
    Story(world, "st04-done").handed_off()
    Story(world, "st05-ready").approved_upto(Step.TASKS)
    Story(world, "st06-depends").approved_upto(Step.TASKS).do("depend", "st04-done").do("depend", "st02-waits")
    Story(world, "st07-reopened").approved_upto(Step.PLAN).draft(Step.PRD).reopen(Step.RESEARCH)
    Story(world, "st08-blocked").draft(Step.SPEC).do("block", "validation_error", description="no test")
    gone = Story(world, "st09-archived").approved_upto(Step.SPEC).do("archive", reason="over")
    Story(world, "st10-lost").approved_upto(Step.TASKS).do("depend", gone.name).do("depend", "st99-nowhere")
    work = Story(world, "st11-tasks").approved_upto(Step.PRD).draft(Step.TASKS, tasks=TASKS).approve(Step.TASKS)
    work.start("T001", by=GRACE).complete("T003", by=LINUS)
    again = Story(world, "st12-tasks-again").approved_upto(Step.PRD).draft(Step.TASKS, tasks=TASKS).approve(Step.TASKS)
    again.start("T001").reopen(Step.TASKS).draft(Step.TASKS, tasks=TASKS[:2])
    Story(world, "st13-stale").approved_upto(Step.RESEARCH).reopen(Step.SPEC).draft(Step.SPEC).approve(Step.SPEC)
    old = Story(world, "st14-unrecorded").approved_upto(Step.PRD).draft(Step.TASKS, tasks=TASKS).approve(Step.TASKS)
    world.heads[old.stream] = old.head._replace(facts={n: v for n, v in old.head.facts.items() if n != "tasks"})
    both = Story(world, "st15-blocked-at-the-end").approved_upto(Step.TASKS)
    both.do("block", "validation_error", description="one").do("block", "validation_error", description="two")
    both.do("unblock", "B1", reason="mended")
    Story(world, "st16-unscored").approved_upto(Step.SPEC).draft(Step.RESEARCH)
    early = Story(world, "st17-glass-early").draft(Step.SPEC)
    late = Story(world, "st18-glass-at-the-end").approved_upto(Step.PRD).draft(Step.TASKS)
    over = Story(world, "st19-glass-overdue").draft(Step.SPEC)
    twice = Story(world, "st20-glass-overdue-twice").draft(Step.SPEC)
    for story, step, seconds in ((over, Step.SPEC, 1), (early, Step.SPEC, 3600), (late, Step.TASKS, 3600)):
        world.policy = PolicyState(author_may_not_approve=True, break_glass_seconds=seconds)
        story.approve(step, by=ADA, forced=True, reason="at night")
    world.policy = PolicyState(author_may_not_approve=True, break_glass_seconds=150)
    for step in (Step.SPEC, Step.RESEARCH):
        twice = twice if step is Step.SPEC else twice.draft(step)
        twice.approve(step, by=ADA, forced=True, reason="at night")
    world.minutes += 4
    world.policy = PolicyState()
    return world


JUDGED = ("state", "expires_at", "was_approved", "quality", "missing")
"""What the policy and the clock look at; the people are left out of a glance."""


def seen_in(world: World) -> dict[str, Glance]:
    found = [glance(head.facts).at(world.now) for head in world.heads.values()]
    return dict(sorted((each.phase, each) for each in found))


def steps_of(world: World, phases: list[str] | None, limit: int | None) -> list[NextStep]:
    """Return what can be done about some phases, or about all, as the command line asks for it."""
    heads = list(world.heads.values())
    chosen = [head for head in heads if phases is None or head.stream.removeprefix("phase:") in phases]
    others = [head for head in heads if head not in chosen]
    told = world.told(places(chosen))
    return next_steps(chosen, told, others=others, now_us=world.now, policy=world.policy, limit=limit)


def test_a_glance_agrees_with_the_whole_state() -> None:
    world = busy()
    for head in world.heads.values():
        state, seen = PhaseState.from_facts(head.facts).at(world.now), glance(head.facts).at(world.now)
        assert (seen.phase, seen.current, list(seen.depends_on)) == (state.phase, state.current, [*state.depends_on])
        assert seen.approved == len(state.completed)
        assert seen.stale == sum(document.state is StepState.STALE for document in state.documents.values())
        assert seen.blockers == len(state.open_blockers)
        assert (seen.handed_off, seen.archived) == (bool(state.handed_off), bool(state.archived))
        assert seen.unrecorded == bool(outline_places(state)), state.phase
        if state.current is not None and not state.documents[state.current].lapsed(world.now):
            document = state.documents[state.current]
            assert [getattr(seen.document, name) for name in JUDGED] == [getattr(document, name) for name in JUDGED]
        states = [state.tasks.of(number).state for number, *_ in state.tasks.in_force.tasks]
        counted = (len(states), states.count(TaskState.DONE), states.count(TaskState.STARTED))
        assert seen.tasks == (*counted, len(ready(state, state.tasks))), state.phase


@pytest.mark.parametrize("policy", [PolicyState(), PolicyState(minimum_quality_research=50)])
def test_the_phases_that_are_urgent_have_the_first_things_to_do_of_all(policy: PolicyState) -> None:
    world = busy()
    world.policy = policy
    seen = seen_in(world)
    whole = steps_of(world, None, None)
    assert len(whole) > 15
    for limit in range(1, len(whole) + 3):
        found = urgent(seen, now_us=world.now, policy=world.policy, limit=limit)
        assert steps_of(world, found.phases, limit) == whole[:limit], limit
    unlimited = urgent(seen, now_us=world.now, policy=world.policy)
    assert steps_of(world, unlimited.phases, None) == whole
    unrecorded = sum(step["phase"] == "st14-unrecorded" and step["task"] is not None for step in whole)
    assert unlimited.things == len(whole) - unrecorded


def test_only_as_many_phases_are_looked_at_as_are_shown() -> None:
    world = World()
    for number in range(100, 300):
        Story(world, f"st{number}-many")
    found = urgent(seen_in(world), now_us=world.now, policy=world.policy, limit=3)
    assert found == (["st100-many", "st101-many", "st102-many"], 200)


def test_a_request_that_ran_out_is_no_verdict_any_more() -> None:
    world = World()
    world.policy = PolicyState(request_expiry_seconds=90)
    Story(world, "st02-expires").draft(Step.SPEC)
    Story(world, "st01-fresh")
    seen = seen_in(world)
    assert urgent(seen, now_us=world.now, policy=world.policy, limit=1).phases == ["st02-expires"]
    later = microseconds(world.at) + HOUR
    assert urgent(seen, now_us=later, policy=world.policy, limit=1).phases == ["st01-fresh"]

"""Every moment of a phase's life belongs to one place, and the stretches say what ended them."""

from domain.phase_glance import glance
from domain.policy_state import PolicyState
from domain.steps import Step
from domain.times import microseconds
from projections.progress import phase_progress, project_progress
from projections.spans import Span, spans
from tests.projections.worlds import START, Story, World

MINUTE = 60_000_000


def of(story: Story, *, now: int | None = None) -> list[Span]:
    pairs = [(record, event) for record, event in story.world.pairs if record.stream == story.stream]
    return list(spans(pairs, now=now or story.world.now))


def said(story: Story, *, now: int | None = None) -> list[tuple[str, int, str, int, str | None]]:
    """Return step, iteration, what was waited for, minutes, and what ended it."""
    end = now or story.world.now
    return [
        (s.place.step, s.place.iteration, s.place.stage.value, s.lasted(end) // MINUTE, s.ending and s.ending.value)
        for s in of(story, now=now)
    ]


def test_drafts_verdicts_and_rework_follow_each_other_without_gaps() -> None:
    world = World()
    story = Story(world).draft(Step.SPEC).reject(Step.SPEC, "more").draft(Step.SPEC).draft(Step.SPEC)
    story.approve(Step.SPEC).draft(Step.RESEARCH)
    now = world.now + 5 * MINUTE
    assert said(story, now=now) == [
        ("spec", 0, "writing", 1, "drafted"),
        ("spec", 1, "gate", 1, "rejected"),
        ("spec", 1, "rework", 1, "drafted"),
        ("spec", 2, "gate", 1, "superseded"),
        ("spec", 3, "gate", 1, "approved"),
        ("research", 0, "writing", 1, "drafted"),
        ("research", 1, "gate", 5, None),
    ]
    spent = of(story, now=now)
    assert [span.ended for span in spent[:-1]] == [span.began for span in spent[1:]]
    assert sum(span.lasted(now) for span in spent) == now - (microseconds(START) + MINUTE)


def test_a_request_that_runs_out_ends_when_it_does_and_not_when_somebody_notices() -> None:
    world = World()
    world.policy = PolicyState(request_expiry_seconds=90)
    story = Story(world).draft(Step.SPEC)
    drafted = world.now
    world.minutes += 10
    assert [(s.place.stage.value, s.began, s.ended) for s in of(story)][1:] == [
        ("gate", drafted, drafted + 90_000_000),
        ("rework", drafted + 90_000_000, None),
    ]
    story.do("request", Step.SPEC, policy=world.policy)
    assert [(s.place.stage.value, s.ending and s.ending.value) for s in of(story)][1:] == [
        ("gate", "expired"),
        ("rework", "requested"),
        ("gate", None),
    ]


def test_a_reopening_takes_the_phase_back_and_a_handoff_or_an_archive_ends_its_life() -> None:
    world = World()
    story = Story(world).approved_upto(Step.TASKS).reopen(Step.PRD).draft(Step.PRD).approve(Step.PRD)
    story.reconfirm(Step.TASKS).do("hand_off", dependencies={}, comments="")
    assert said(story)[-5:] == [
        ("handoff", 0, "handoff", 1, "reopened"),
        ("prd", 1, "rework", 1, "drafted"),
        ("prd", 2, "gate", 1, "approved"),
        ("tasks", 1, "rework", 1, "approved"),
        ("handoff", 0, "handoff", 1, "handed_off"),
    ]
    given_up = Story(world, "st02-given-up").draft(Step.SPEC).do("archive", reason="over")
    assert said(given_up)[-1] == ("spec", 1, "gate", 1, "archived")
    assert of(given_up)[-1].ended is not None


def test_the_seconds_of_a_phase_add_up_and_medians_are_those_of_finished_stretches() -> None:
    world = World()
    story = Story(world).draft(Step.SPEC)
    world.minutes += 9
    story.reject(Step.SPEC, "more").draft(Step.SPEC).approve(Step.SPEC)
    spent, seen = of(story), glance(story.head.facts)
    row = phase_progress(seen, spent, title="t", title_erased=False, tasks=(0, 0), now=world.now)
    assert row["steps"][0] == {
        "step": "spec",
        "iterations": 2,
        "rejections": 1,
        "writing": 60,
        "gate": 660,
        "rework": 60,
    }
    assert row["seconds"] == 780 and (row["current_step"], row["stage"]) == ("research", "writing")
    whole = project_progress([seen, seen], [row], [spent])
    assert whole["medians"][0]["gate"] == {"count": 2, "median_seconds": 330, "longest_seconds": 600}
    assert whole["medians"][1]["gate"] == {"count": 0, "median_seconds": None, "longest_seconds": None}
    assert (whole["steps_approved"], whole["steps_total"], whole["measured"], whole["left_out"]) == (2, 10, 1, 1)

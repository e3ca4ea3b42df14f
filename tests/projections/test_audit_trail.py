"""The audit trail: the states around every event, and which rows are wanted."""

from collections.abc import Callable

import pytest

from domain.actors import ActorKind
from domain.errors import Damaged
from domain.steps import Step
from domain.topics import TOPICS
from projections.audit_trail import TrailRow, Wanted, audit_trail, has_topic, is_wanted
from projections.history import history
from tests.projections.test_history import world_with_every_topic
from tests.projections.worlds import ADA, ROBOT, Story, World


def rows_of(world: World) -> list[TrailRow]:
    return list(audit_trail(world.pairs))


def wanted_of(world: World, wanted: Wanted) -> list[TrailRow]:
    return [row for row in rows_of(world) if is_wanted(row, wanted)]


def test_a_row_has_everything_of_history_and_three_things_more() -> None:
    world = world_with_every_topic()
    more = {"from_state", "to_state", "leaf"}
    plain = [{name: value for name, value in row.items() if name not in more} for row in rows_of(world)]
    assert plain == list(history(world.pairs)) and len(plain) > len(TOPICS)
    assert all(row["leaf"] == b"leaf".hex() for row in rows_of(world))


def test_the_states_of_a_step_tell_what_each_event_changed() -> None:
    story = Story(World()).draft(Step.SPEC).reject(Step.SPEC, "vague").draft(Step.SPEC).approve(Step.SPEC)
    states = [(row["from_state"], row["to_state"]) for row in rows_of(story.world) if row["step"]]
    assert states == [
        ("not_started", "awaiting_approval"),
        ("awaiting_approval", "awaiting_approval"),
        ("awaiting_approval", "rejected"),
        ("rejected", "awaiting_approval"),
        ("awaiting_approval", "awaiting_approval"),
        ("awaiting_approval", "approved"),
    ]


def test_the_states_of_a_phase_tell_what_each_event_changed() -> None:
    story = Story(World()).do("block", "validation_error", description="no test")
    story.do("unblock", "B1", reason="written").handed_off().do("archive", reason="shipped")
    states = [(row["from_state"], row["to_state"]) for row in rows_of(story.world) if not row["step"]]
    assert states == [
        (None, "in_progress"),
        ("in_progress", "blocked"),
        ("blocked", "in_progress"),
        ("in_progress", "handed_off"),
        ("handed_off", "archived"),
    ]


def test_each_event_begins_where_the_one_before_it_ended() -> None:
    known: dict[tuple[str, Step | None], object] = {}
    changed = 0
    for row in rows_of(world_with_every_topic()):
        key = (row["stream"], row["step"])
        if row["step"] and key in known:
            assert row["from_state"] == known[key], row
        known[key] = row["to_state"]
        changed += row["from_state"] != row["to_state"]
    assert changed > 10


def test_project_policy_and_ledger_have_no_state() -> None:
    others = [row for row in rows_of(world_with_every_topic()) if row["phase"] is None]
    assert len(others) == 15
    assert {(row["from_state"], row["to_state"]) for row in others} == {(None, None)}


def test_two_phases_do_not_mix_their_states() -> None:
    world = World()
    one, other = Story(world, "st01-a"), Story(world, "st02-b")
    one.draft(Step.SPEC)
    other.draft(Step.SPEC)
    one.approve(Step.SPEC)
    last = rows_of(world)[-1]
    other.reject(Step.SPEC, "vague")
    assert (last["phase"], last["to_state"]) == ("st01-a", "approved")
    assert (rows_of(world)[-1]["from_state"], rows_of(world)[-1]["to_state"]) == ("awaiting_approval", "rejected")


def test_a_gap_in_a_stream_is_damage_and_no_state_is_made_up() -> None:
    world = Story(World()).draft(Step.SPEC).world
    del world.pairs[1]
    with pytest.raises(Damaged, match="version 2"):
        rows_of(world)


def test_an_erased_text_leaves_the_states_as_they_were() -> None:
    world = world_with_every_topic()
    before = [(row["from_state"], row["to_state"]) for row in rows_of(world)]
    world.erase_everything()
    assert [(row["from_state"], row["to_state"]) for row in rows_of(world)] == before


def test_every_filter_leaves_the_rows_it_names_and_no_other() -> None:
    world = World()
    Story(world, "st01-a").draft(Step.SPEC, by=ROBOT).approve(Step.SPEC, by=ADA)
    Story(world, "st02-b").draft(Step.SPEC)
    everything = rows_of(world)
    expected: dict[Wanted, Callable[[TrailRow], bool]] = {
        Wanted(): lambda row: True,
        Wanted(actor="robot"): lambda row: row["actor"]["name"] == "robot",
        Wanted(kind=ActorKind.AGENT): lambda row: row["actor"]["kind"] == "agent",
        Wanted(phase="st02-b"): lambda row: row["phase"] == "st02-b",
        Wanted(step=Step.SPEC): lambda row: row["step"] == "spec",
        Wanted(topic="phase.opened"): lambda row: row["topic"] == "phase.opened",
        Wanted(first=2, last=3): lambda row: row["position"] in (2, 3),
        Wanted(phase="st01-a", kind=ActorKind.AGENT, last=2): lambda row: row["position"] == 2,
    }
    for wanted, holds in expected.items():
        left = wanted_of(world, wanted)
        assert left and left == [row for row in everything if holds(row)], wanted
        assert wanted == Wanted() or len(left) < len(everything), wanted


def test_forced_only_leaves_what_set_the_policy_aside() -> None:
    story = Story(World()).draft(Step.SPEC, by=ROBOT).forced_by_agent(Step.SPEC, reason="release day")
    (row,) = wanted_of(story.world, Wanted(forced=True))
    assert (row["topic"], row["broke"]) == ("phase.document_approved", ["agents_may_not_approve"])


def test_a_topic_that_ends_in_a_dot_names_all_below_it() -> None:
    assert has_topic("phase.opened", "phase.") and has_topic("phase.opened", "phase.opened")
    assert not has_topic("phase.opened", "phase") and not has_topic("policy.changed", "phase.")

"""Heads made from the events are the heads that were written with them."""

import pytest

from domain.errors import Damaged
from domain.policy import Policy
from domain.project import Project
from domain.steps import Step
from projections.heads import heads_from
from tests.projections.worlds import ADA, Story, World


def eventful() -> World:
    world = World()
    at = world.next_minute()
    world.record(Project.initialise(origin="host/1", public_key="k", name="n", by=ADA, at=at))
    world.record(Policy.set_up(by=ADA, at=at))
    story = Story(world, "st02-engine").handed_off().reopen(Step.RESEARCH).draft(Step.RESEARCH)
    story.do("block", "validation_error", description="d").do("unblock", "B1", reason="")
    other = Story(world, "st01-base").draft(Step.SPEC).reject(Step.SPEC, "vague").do("retitle", "Base")
    other.do("depend", "st02-engine").do("undepend", "st02-engine").do("archive", reason="no")
    return world


def test_replay_gives_the_recorded_heads_ordered_by_name() -> None:
    world = eventful()
    heads = heads_from(world.pairs)
    assert heads == world.heads
    assert list(heads) == ["phase:st01-base", "phase:st02-engine", "policy", "project"]


def test_erased_texts_change_no_head() -> None:
    world = eventful()
    world.erase_everything()
    assert heads_from(world.pairs) == world.heads


def test_every_moment_can_be_replayed() -> None:
    world = World()
    story = Story(world)
    then = story.draft(Step.SPEC).head
    count = len(world.pairs)
    story.approve(Step.SPEC)
    assert heads_from(world.pairs[:count])[story.stream] == then != story.head


def test_nothing_replays_to_nothing() -> None:
    assert heads_from([]) == {}


@pytest.mark.parametrize("missing", [0, 1])
def test_a_gap_in_a_stream_is_damage(missing: int) -> None:
    pairs = Story(World()).draft(Step.SPEC).world.pairs
    with pytest.raises(Damaged, match=f"version {missing + 1} of phase:st01-audio-engine was expected"):
        heads_from([*pairs[:missing], *pairs[missing + 1 :]])


def test_an_event_in_another_stream_is_damage() -> None:
    (record, event), *_ = Story(World()).world.pairs
    with pytest.raises(Damaged, match="phase:other was expected"):
        heads_from([(record._replace(stream="phase:other"), event)])

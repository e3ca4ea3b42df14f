"""The screens of the replay: as large as the window and no larger, whatever is in them."""

import pytest

from cli.replay_frames import KEYS, frame, help_frame, wrapped
from cli.screen import cut, width
from domain.policy_state import PolicyState
from domain.steps import Step
from projections.replay import ReplayRow, replay
from tests.projections.test_history import world_with_every_topic
from tests.projections.worlds import Story, World

SIZES = [(80, 24), (200, 60), (40, 12), (20, 5)]
LONG = "Messen, wie schnell es ist: 測定方法 " * 80


def shown(row: ReplayRow, size: tuple[int, int] = (80, 24)) -> list[str]:
    return frame(row, last=99, size=size, message="")


@pytest.mark.parametrize("size", SIZES)
def test_every_event_fits_every_window(size: tuple[int, int]) -> None:
    world = world_with_every_topic()
    Story(world, "st09-long", title=LONG).draft(Step.SPEC).reject(Step.SPEC, LONG, LONG, "w" * 500)
    for row in replay(world.pairs):
        for lines in (shown(row, size), frame(row, last=10**9, size=size, message=LONG), help_frame(size)):
            assert len(lines) == size[1]
            assert all(width(line) <= size[0] for line in lines), lines


def test_a_screen_says_who_did_what_when_and_marks_what_changed() -> None:
    lines = shown(list(replay(Story(World()).draft(Step.SPEC).reject(Step.SPEC, "vague").world.pairs))[-1])
    said = "\n".join(lines)
    for words in (
        "st01-audio-engine/spec",
        "position 4 of 99",
        "2026-11-24 14:03:00 UTC  grace (human)",
        "rejected spec iteration 1",
        "  – vague",
        "▸ spec        rejected, iteration 1, verdict at 4  ← was awaiting approval",
        "  research    not started",
        "  handed off  none",
    ):
        assert words in said, words
    assert lines[-1] == KEYS
    assert sum(line.startswith("▸") for line in lines) == 1


def test_an_approval_that_is_not_the_last_one_needed_is_marked_too() -> None:
    world = World()
    world.policy = PolicyState(minimum_approvers=2)
    row = list(replay(Story(world).draft(Step.SPEC).approve(Step.SPEC).world.pairs))[-1]
    assert "▸ spec        awaiting approval, iteration 1, approved by grace  ← changed" in shown(row)


def test_words_that_do_not_fit_are_cut_and_counted_and_the_state_stays() -> None:
    row = list(replay(Story(World()).draft(Step.SPEC).reject(Step.SPEC, *[LONG] * 9).world.pairs))[-1]
    said = "\n".join(shown(row))
    assert "more lines: orch history shows them" in said
    assert "archived    none" in said and KEYS in said


def test_wrapping_loses_nothing() -> None:
    for columns in (5, 20, 79):
        lines = wrapped(LONG, columns)
        assert all(width(line) <= columns for line in lines)
        assert "".join("".join(lines).split()) == "".join(LONG.split())


@pytest.mark.parametrize(
    ("text", "columns", "left"), [("abcdef", 6, "abcdef"), ("abcdef", 4, "abc…"), ("測定方", 4, "測…")]
)
def test_a_cut_line_is_as_wide_as_allowed(text: str, columns: int, left: str) -> None:
    assert cut(text, columns) == left and width(left) <= columns
    assert cut(text, 0) == ""

"""What changed in a phase between two moments, and which events did it."""

from typing import Any

import pytest

from domain.event_log import Moment
from domain.policy_state import PolicyState
from domain.steps import STEPS, Step
from projections.differences import differences
from projections.phase_facts import PhaseFacts
from projections.replay import replay
from projections.state_diff import Instant, StateDiff, state_diff
from tests.projections.worlds import LINUS, Story, World


def diff_of(story: Story, old: int, new: int | None = None, *, later_us: int = 0) -> StateDiff:
    pairs = story.world.pairs[: new or len(story.world.pairs)]

    def at(position: int, later: int = 0) -> Instant:
        time = story.world.pairs[position - 1][0].recorded_at
        return Instant(Moment(position, time, None), time + later)

    return state_diff(pairs, old=at(old), new=at(len(pairs), later_us))


def changed(found: StateDiff) -> dict[str, tuple[Any, Any, list[int]]]:
    return {each["what"]: (each["before"], each["after"], each["positions"]) for each in found["changes"]}


def full() -> Story:
    story = Story(World()).draft(Step.SPEC).reject(Step.SPEC, "vague").approved_upto(Step.RESEARCH)
    story.do("retitle", "Engine").do("depend", "st00-base").do("block", "validation_error", description="d")
    story.reopen(Step.SPEC).draft(Step.SPEC).approve(Step.SPEC).reconfirm(Step.RESEARCH).do("unblock", "B1", reason="")
    for step in (Step.PLAN, Step.PRD, Step.TASKS):
        story.draft(step).approve(step)
    return story.do("undepend", "st00-base").do("hand_off", dependencies={}, comments="").do("archive", reason="over")


def test_both_sides_are_the_states_that_the_replay_shows_there() -> None:
    story = full()
    states: dict[int, PhaseFacts | None] = {row["position"]: row["phase_state"] for row in replay(story.world.pairs)}
    for old, state in states.items():
        for new in range(old, len(states) + 1):
            found = diff_of(story, old, new)
            assert (found["old"]["state"], found["new"]["state"]) == (state, states[new])
            before, after = found["old"]["state"], found["new"]["state"]
            plain = [{k: v for k, v in each.items() if k != "positions"} for each in found["changes"]]
            assert plain == list(differences(before, after))


def test_every_change_names_the_events_between_that_made_it() -> None:
    story = full()
    rows = {row["position"]: {each["what"] for each in row["changes"]} for row in replay(story.world.pairs)}
    for old in rows:
        for each in diff_of(story, old)["changes"]:
            made = [position for position, whats in rows.items() if position > old and each["what"] in whats]
            assert each["positions"] == made and made


def test_a_moment_compared_with_itself_has_no_changes() -> None:
    found = diff_of(full(), 5, 5)
    assert (found["changes"], found["verdicts"], found["withdrawn"]) == ([], [], [])


def test_a_revision_shows_both_digests_and_the_verdict() -> None:
    story = Story(World()).draft(Step.SPEC).reject(Step.SPEC, "vague").draft(Step.SPEC).approve(Step.SPEC)
    found = changed(diff_of(story, 4))
    last = len(story.world.pairs)
    drafted = story.world.position_of("phase.document_drafted")
    assert found == {
        "steps.spec.state": ("rejected", "approved", [drafted, last]),
        "steps.spec.iteration": (1, 2, [drafted]),
        "steps.spec.digest": ("sha256:1:spec1", "sha256:1:spec2", [drafted]),
        "steps.spec.approvals": ([], ["grace"], [last]),
        "steps.spec.verdict": (4, last, [drafted, last]),
    }


def test_verdicts_between_are_told_whatever_became_of_them() -> None:
    story = Story(World()).draft(Step.SPEC).reject(Step.SPEC, "vague").draft(Step.SPEC).approve(Step.SPEC)
    found = diff_of(story.reopen(Step.SPEC), 2)
    assert [(v["outcome"], v["iteration"], v["actor"]["name"]) for v in found["verdicts"]] == [
        ("rejected", 1, "grace"),
        ("approved", 2, "grace"),
    ]
    (withdrawn,) = found["withdrawn"]
    assert (withdrawn["topic"], withdrawn["step"], withdrawn["approvals"], withdrawn["verdict"]) == (
        "phase.step_reopened",
        "spec",
        ["grace"],
        found["verdicts"][1]["position"],
    )


def test_reopening_withdraws_the_approvals_of_all_that_rests_on_it() -> None:
    story = Story(World()).approved_upto(Step.PLAN)
    before = len(story.world.pairs)
    found = diff_of(story.reopen(Step.SPEC), before)
    assert [(row["step"], row["topic"]) for row in found["withdrawn"]] == [
        ("spec", "phase.step_reopened"),
        ("research", "phase.document_marked_stale"),
        ("plan", "phase.document_marked_stale"),
    ]


def test_a_new_draft_voids_an_approval_that_was_not_the_last_one_needed() -> None:
    world = World()
    world.policy = PolicyState(minimum_approvers=2)
    story = Story(world).draft(Step.SPEC).approve(Step.SPEC, by=LINUS)
    found = diff_of(story.draft(Step.SPEC), 2)
    (row,) = found["withdrawn"]
    assert (row["topic"], row["approvals"], row["verdict"]) == ("phase.document_drafted", ["linus"], None)
    assert found["verdicts"][0]["final"] is False


def test_a_request_that_ran_out_between_was_changed_by_no_event() -> None:
    world = World()
    world.policy = PolicyState(request_expiry_seconds=90)
    story = Story(world).draft(Step.SPEC)
    last = len(world.pairs)
    assert changed(diff_of(story, last, later_us=89_000_000)) == {}
    found = changed(diff_of(story, last, later_us=90_000_000))
    assert found == {"steps.spec.state": ("awaiting_approval", "expired", [])}


def test_title_blockers_dependencies_and_closings_are_compared() -> None:
    found = changed(diff_of(full(), 1))
    assert {"title", "handed_off", "archived"} <= found.keys()
    assert found["title"][:2] == ("The Engine", "Engine")
    for gone in ("blockers", "depends_on"):
        assert gone not in found, "added and taken away again: no difference"
    story = full()
    blocked = story.world.position_of("phase.blocked")
    assert changed(diff_of(story, 1, blocked))["blockers"] == ([], ["B1"], [blocked])


@pytest.mark.parametrize("step", STEPS)
def test_erased_texts_change_no_comparison_of_steps(step: Step) -> None:
    story = full()
    before = changed(diff_of(story, 2))
    story.world.erase_everything()
    after = changed(diff_of(story, 2))
    kept = f"steps.{step}."
    assert {w: c for w, c in before.items() if w.startswith(kept)} == {
        w: c for w, c in after.items() if w.startswith(kept)
    }

"""All phases, a row each."""

from domain.policy_state import PolicyState
from domain.steps import Step
from projections.phase_list import PhaseRow, phase_list, places, states_of
from tests.projections.worlds import Story, World


def rows_of(world: World) -> list[PhaseRow]:
    heads = [world.heads[name] for name in sorted(world.heads)]
    states = states_of(heads, now_us=world.now)
    return phase_list(states, world.told(places(states)), now_us=world.now, policy=world.policy)


def test_each_phase_has_a_row_with_what_it_waits_for() -> None:
    world = World()
    Story(world, "st01-fresh")
    Story(world, "st02-waits").draft(Step.SPEC)
    Story(world, "st03-done").handed_off()
    Story(world, "st04-blocked").approved_upto(Step.TASKS).do("block", "validation_error", description="d")
    Story(world, "st05-depends").approved_upto(Step.TASKS).do("depend", "st01-fresh").do("depend", "st03-done")
    Story(world, "st06-ready").approved_upto(Step.TASKS).do("depend", "st03-done")
    shown = [(r["phase"], r["current_step"], r["state"], r["completed"], r["waiting_for"]) for r in rows_of(world)]
    assert shown == [
        ("st01-fresh", "spec", "not_started", 0, "author"),
        ("st02-waits", "spec", "awaiting_approval", 0, "approver"),
        ("st03-done", None, None, 5, None),
        ("st04-blocked", "handoff", None, 5, "unblocking"),
        ("st05-depends", "handoff", None, 5, "dependency"),
        ("st06-ready", "handoff", None, 5, "handoff"),
    ]
    assert [r["waiting_for_phases"] for r in rows_of(world)] == [[], [], [], [], ["st01-fresh"], []]
    assert [r["blocked"] for r in rows_of(world)] == [False, False, False, True, False, False]


def test_a_request_that_ran_out_shows_as_expired() -> None:
    world = World()
    world.policy = PolicyState(request_expiry_seconds=60)
    Story(world).draft(Step.SPEC)
    assert [row["state"] for row in rows_of(world)] == ["awaiting_approval"]
    world.minutes += 1
    assert [(row["state"], row["waiting_for"]) for row in rows_of(world)] == [("expired", "author")]


def test_an_archived_phase_waits_for_nothing() -> None:
    world = World()
    Story(world).draft(Step.SPEC).do("block", "validation_error", description="d").do("archive", reason="given up")
    (row,) = rows_of(world)
    assert (row["archived"], row["blocked"], row["waiting_for"], row["current_step"]) == (True, False, None, None)
    assert row["next_command"] is None


def test_an_erased_title_is_replaced_and_flagged() -> None:
    world = World()
    Story(world)
    assert [(row["title"], row["title_erased"]) for row in rows_of(world)] == [("The Engine", False)]
    world.erase_everything()
    assert [(row["title"], row["title_erased"]) for row in rows_of(world)] == [("Audio Engine", True)]

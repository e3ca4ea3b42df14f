"""Exceptions, population and sample: what auditors ask first."""

from hashlib import sha256

from domain.policy_state import PolicyState
from domain.steps import Step
from projections.audit_exceptions import ExceptionRow, audit_exceptions
from projections.audit_population import audit_population
from projections.audit_sample import audit_sample, draw
from projections.audit_trail import TrailRow, audit_trail
from tests.projections.test_history import world_with_every_topic
from tests.projections.worlds import ADA, GRACE, ROBOT, Story, World


def trail_of(world: World) -> list[TrailRow]:
    return list(audit_trail(world.pairs))


def exceptions_in(world: World) -> list[ExceptionRow]:
    return list(audit_exceptions(trail_of(world)))


def test_the_plain_way_has_no_exceptions() -> None:
    assert exceptions_in(Story(World()).handed_off().world) == []


def test_a_forced_approval_by_an_agent_of_its_own_text_stands_out_three_ways() -> None:
    story = Story(World()).draft(Step.SPEC, by=ROBOT).forced_by_agent(Step.SPEC, reason="release day")
    rows = exceptions_in(story.world)
    assert [row["exception"] for row in rows] == ["forced", "self_approval", "verdict_not_by_a_person"]
    assert {row["reason"] for row in rows} == {"release day"} and {row["position"] for row in rows} == {4}
    assert rows[0]["actor"] == {"name": "robot", "kind": "agent"}


def test_a_self_approval_without_force_stands_out() -> None:
    (row,) = exceptions_in(Story(World()).draft(Step.SPEC, by=ADA).approve(Step.SPEC, by=ADA).world)
    assert (row["exception"], row["reason"]) == ("self_approval", "well done")


def test_a_rejection_by_an_agent_is_a_verdict_by_an_agent_and_a_draft_is_none() -> None:
    story = Story(World()).draft(Step.SPEC, by=ROBOT)
    assert exceptions_in(story.world) == []
    (row,) = exceptions_in(story.reject(Step.SPEC, "vague", by=ROBOT).world)
    assert (row["exception"], row["topic"]) == ("verdict_not_by_a_person", "phase.document_rejected")


def test_an_expired_request_stands_out() -> None:
    world = World()
    world.policy = PolicyState(request_expiry_seconds=90)
    story = Story(world).draft(Step.SPEC)
    world.minutes += 5
    story.do("request", Step.SPEC, policy=world.policy)
    assert [row["exception"] for row in exceptions_in(world)] == ["request_expired"]


def test_a_stale_step_reconfirmed_stands_out_with_its_reason() -> None:
    story = Story(World()).approved_upto(Step.RESEARCH).reopen(Step.SPEC).draft(Step.SPEC).approve(Step.SPEC)
    assert exceptions_in(story.world) == []
    (row,) = exceptions_in(story.reconfirm(Step.RESEARCH, by=GRACE).world)
    assert (row["exception"], row["step"], row["reason"]) == ("stale_step_reconfirmed", "research", "still true")


def test_an_erased_reason_is_gone_and_said_to_be() -> None:
    world = Story(World()).draft(Step.SPEC, by=ADA).approve(Step.SPEC, by=ADA).world
    world.erase_everything()
    (row,) = exceptions_in(world)
    assert (row["reason"], row["erased"]) == (None, True)


def test_every_cut_of_the_population_adds_up() -> None:
    world = world_with_every_topic()
    counted = audit_population(trail_of(world))
    assert counted["total"] == len(world.pairs) > 0
    for part in ("topics", "actors", "kinds", "months"):
        assert sum(row["count"] for row in counted[part]) == counted["total"], part
    assert (counted["first_position"], counted["last_position"]) == (1, len(world.pairs))
    assert [row["month"] for row in counted["months"]] == ["2026-11"]


def test_verdicts_are_counted_by_what_they_decided() -> None:
    story = Story(World()).draft(Step.SPEC).reject(Step.SPEC, "vague").draft(Step.SPEC).approve(Step.SPEC)
    counted = audit_population(trail_of(story.world))
    assert {row["outcome"]: row["count"] for row in counted["verdicts"]} == {
        "approved": 1,
        "reconfirmed": 0,
        "rejected": 1,
    }
    assert {row["kind"]: row["count"] for row in counted["kinds"]} == {"human": 7, "agent": 0, "service": 0}


def test_a_population_of_nothing_has_no_first_and_no_last() -> None:
    counted = audit_population([])
    assert (counted["total"], counted["first_position"], counted["last_position"]) == (0, None, None)


def test_a_sample_is_what_the_documented_algorithm_draws() -> None:
    world = world_with_every_topic()
    positions = [record.position for record, _ in world.pairs]
    ranked = sorted(positions, key=lambda p: sha256(b"2026-q4/" + str(p).encode()).hexdigest())
    drawn = audit_sample(trail_of(world), seed="2026-q4", size=5)
    assert [row["position"] for row in drawn.rows] == sorted(ranked[:5])
    assert drawn.population == len(positions) > 5
    assert [row["draw"] for row in drawn.rows] == [draw("2026-q4", row["position"]) for row in drawn.rows]


def test_known_answers_of_the_draw_never_change() -> None:
    assert draw("S", 1) == "ac1175e62f6057aef7bdbecc9e522e98d71733faf36c64b4a3d020a3c39ee4ab"


def test_a_larger_sample_contains_the_smaller_one_and_another_seed_draws_others() -> None:
    trail = trail_of(world_with_every_topic())

    def positions(seed: str, size: int) -> set[int]:
        return {row["position"] for row in audit_sample(trail, seed=seed, size=size).rows}

    assert positions("a", 4) < positions("a", 9)
    assert len({frozenset(positions(seed, 4)) for seed in "abcdef"}) > 1


def test_a_sample_of_more_than_there_is_is_everything() -> None:
    trail = trail_of(world_with_every_topic())
    drawn = audit_sample(trail, seed="s", size=1000)
    assert [row["position"] for row in drawn.rows] == [row["position"] for row in trail]

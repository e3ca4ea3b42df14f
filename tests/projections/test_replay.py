"""The replay: the state after every event, and what each event changed."""

from typing import Any

import pytest

from domain.phase_state import PhaseState
from domain.steps import STEPS, Step
from domain.times import rfc3339
from domain.topics import TOPICS
from projections.heads import heads_from
from projections.history import history
from projections.phase_status import phase_status, places
from projections.replay import ReplayRow, replay
from tests.projections.test_history import world_with_every_topic
from tests.projections.worlds import Story, World

TOKEN_FACTS = {"name": "grace", "kind": "human", "scopes": ["read"], "sha256": "ab" * 32, "revoked": 0}
STATES = ("phase_state", "policy_state", "ledger_state", "project_state", "point_state", "token_state")


def rows_of(world: World, *, first: int = 1) -> list[ReplayRow]:
    return list(replay(world.pairs, first=first))


def changed(row: ReplayRow) -> dict[str, tuple[object, object]]:
    return {change["what"]: (change["before"], change["after"]) for change in row["changes"]}


def test_every_topic_has_a_row_with_the_columns_of_history_and_exactly_one_state() -> None:
    world = world_with_every_topic()
    rows = rows_of(world)
    assert {row["topic"] for row in rows} == set(TOPICS)
    for row, plain in zip(rows, history(world.pairs), strict=True):
        assert plain.items() <= row.items()
        (state,) = [name for name in STATES if row[name] is not None]  # type: ignore[literal-required]  # names above
        assert state.removesuffix("_state") == row["stream"].partition(":")[0]


def test_the_state_after_an_event_is_what_status_said_then() -> None:
    world = world_with_every_topic()
    for row in rows_of(world):
        facts = row["phase_state"]
        if facts is None:
            continue
        head = heads_from(world.pairs[: row["position"]])[row["stream"]]
        status = phase_status(head, world.told(places(head)), now_us=0, policy=world.policy)
        assert (facts["title"], facts["depends_on"]) == (status["title"], status["depends_on"])
        assert facts["blockers"] == [b.id for b in PhaseState.from_facts(head.facts).open_blockers]
        for position, closing in (
            (facts["handed_off"], status["handed_off"]),
            (facts["archived"], status["archived"]),
        ):
            assert position == (closing["position"] if closing else None)
        steps: Any = facts["steps"]
        known: Any = status["steps"]
        for step in STEPS:
            for name in ("state", "iteration", "digest", "expires_at"):
                assert steps[step][name] == known[step][name], (row["position"], step, name)
            assert steps[step]["approvals"] == [by["name"] for by in known[step]["approvals"]["by"]]
            verdict = steps[step]["verdict"]
            if verdict is None:
                assert known[step]["verdict_by"] is None
            else:
                record, event = world.pairs[verdict - 1]
                assert rfc3339(record.recorded_at) == known[step]["verdict_at"]
                assert event.by.name == known[step]["verdict_by"]["name"]


def test_the_changes_lead_from_every_state_to_the_next() -> None:
    known: dict[str, dict[str, object]] = {}
    for row in rows_of(world_with_every_topic()):
        facts = flat(row)
        before = known.get(row["stream"])
        if before is not None:
            names = {**before, **facts}
            differing = {n: (before.get(n), facts.get(n)) for n in names if before.get(n) != facts.get(n)}
            assert changed(row) == differing, row["position"]
        known[row["stream"]] = facts


def flat(row: ReplayRow) -> dict[str, object]:
    found: dict[str, object] = {}

    def add(inside: str, facts: object) -> None:
        if isinstance(facts, dict):
            for name, value in facts.items():
                add(f"{inside}.{name}" if inside else name, value)
        else:
            found[inside] = facts

    for state in STATES:
        add("", row[state] or {})  # type: ignore[literal-required]  # the names above
    return found


def test_a_verdict_changes_its_step_and_nothing_else() -> None:
    row = rows_of(Story(World()).draft(Step.SPEC).approve(Step.SPEC).world)[-1]
    assert changed(row) == {
        "steps.spec.state": ("awaiting_approval", "approved"),
        "steps.spec.approvals": ([], ["grace"]),
        "steps.spec.verdict": (None, row["position"]),
    }


def test_reopening_takes_the_verdict_back_and_makes_the_rest_stale() -> None:
    world = Story(World()).approved_upto(Step.RESEARCH).reopen(Step.SPEC).world
    reopened, stale = rows_of(world)[-2:]
    assert changed(reopened)["steps.spec.state"] == ("approved", "reopened")
    assert changed(reopened)["steps.spec.verdict"][1] is None
    assert changed(stale)["steps.research.stale_because"] == (None, "spec")


def test_an_opened_phase_begins_with_nothing_but_its_title() -> None:
    (row,) = rows_of(Story(World(), title="The Engine").world)
    assert changed(row) == {"title": (None, "The Engine")}


def test_a_range_has_the_rows_that_the_whole_has() -> None:
    world = world_with_every_topic()
    assert rows_of(world, first=9) == rows_of(world)[8:]
    assert rows_of(world, first=10_000) == []


def test_erased_texts_are_said_to_be_erased_and_change_no_state_of_a_step() -> None:
    world = world_with_every_topic()
    before = rows_of(world)
    world.erase_everything()
    after = rows_of(world)
    assert any(row["erased"] for row in after)
    for one, other in zip(before, after, strict=True):
        assert (one["phase_state"] or {"steps": 0})["steps"] == (other["phase_state"] or {"steps": 0})["steps"]
        if other["phase_state"] is not None:
            assert other["phase_state"]["title"] == "Audio Engine" and other["phase_state"]["title_erased"]
        if other["project_state"] is not None:
            assert other["project_state"]["name"] is None


@pytest.mark.parametrize(
    ("topic", "state", "facts"),
    [
        ("policy.changed", "policy_state", {"version": 1, "minimum_approvers": 1, "agents_may_not_approve": True}),
        ("ledger.key_rotated", "ledger_state", {"key": "k2", "replaced_keys": 1, "erased_texts": 0, "reviews": 0}),
        ("ledger.payload_redacted", "ledger_state", {"key": "k2", "erased_texts": 1, "last_erased": 3}),
        (
            "ledger.reviewed",
            "ledger_state",
            {"erased_texts": 1, "reviews": 1, "last_reviewed": {"first": 1, "last": 3, "root": "ab" * 32}},
        ),
        ("point.named", "point_state", {"position": 3}),
        ("token.issued", "token_state", TOKEN_FACTS),
        ("token.revoked", "token_state", {**TOKEN_FACTS, "revoked": 2}),
        ("project.initialised", "project_state", {"origin": "host/1", "name": "Sound", "key": "k", "directives": []}),
    ],
)
def test_streams_that_are_no_phase_have_states_too(topic: str, state: str, facts: dict[str, object]) -> None:
    (row,) = [row for row in rows_of(world_with_every_topic()) if row["topic"] == topic]
    found = row[state]  # type: ignore[literal-required]  # a parameter of the test
    assert facts.items() <= found.items()

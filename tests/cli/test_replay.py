"""orch replay away from a terminal: every event with the state after it."""

import csv
import io
import json
import sqlite3
from typing import Any

import pytest

from domain.steps import STEPS
from tests.cli.conftest import Orch, position


@pytest.fixture
def busy(drafted: Orch) -> Orch:
    """Return the same function where a phase was rejected, revised, approved and blocked beside another one."""
    for words in (
        ("reject", "st01-x", "spec", "--feedback", "say how it is measured", "--actor", "grace"),
        ("spec", "st01-x", "--objectives", "another"),
        ("approve", "st01-x", "spec", "--comments", "good", "--actor", "grace"),
        ("spec", "st02-y", "--objectives", "small"),
        ("depend", "st01-x", "--on", "st02-y"),
        ("block", "st01-x", "no sound card"),
        ("policy", "set", "--minimum-approvers", "2"),
        ("audit", "key", "rotate", "--reason", "lost"),
    ):
        assert drafted(*words).status == 0, words
    return drafted


def rows(orch: Orch, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orch("replay", *words, "--json").data["rows"]
    return found


def test_the_whole_log_is_replayed_with_a_state_after_each_event(busy: Orch) -> None:
    found = rows(busy)
    assert [row["position"] for row in found] == list(range(1, position(busy) + 1))
    states = ("phase_state", "policy_state", "ledger_state", "project_state")
    assert all(sum(row[state] is not None for state in states) == 1 for row in found)


@pytest.mark.parametrize("at", range(4, 10))
def test_the_state_after_an_event_is_what_status_says_at_its_position(busy: Orch, at: int) -> None:
    (row,) = rows(busy, "st01-x", "--from", f"position:{at}", "--to", f"position:{at}")
    status = busy("status", "st01-x", "--at", f"position:{at}", "--json").data
    for step in STEPS:
        for name in ("state", "iteration", "digest"):
            assert row["phase_state"]["steps"][step][name] == status["steps"][step][name]


@pytest.mark.parametrize(
    ("words", "positions"),
    [
        (("st02-y",), [10, 11, 12]),
        (("st01-x", "--step", "spec"), [4, 5, 6, 7, 8, 9]),
        (("--from", "position:12", "--to", "position:13"), [12, 13]),
        (("st01-x", "--from", "position:9"), [9, 13, 14]),
        (("--at", "position:2"), [1, 2]),
        (("--from", "position:3", "--limit", "2"), [3, 4]),
        (("--from", "2999-01-01T00:00:00Z"), []),
        (("--step", "plan"), []),
        (("--from", "position:4", "--to", "position:3"), []),
    ],
)
def test_a_range_a_step_and_a_limit_leave_what_they_name(busy: Orch, words: tuple[str, ...], positions: object) -> None:
    everything = rows(busy)
    found = rows(busy, *words)
    assert [row["position"] for row in found] == positions
    assert found == [row for row in everything if row["position"] in [each["position"] for each in found]]


def test_the_limit_says_that_there_is_more(busy: Orch) -> None:
    assert busy("replay", "--limit", "2", "--json").data["more"] is True
    assert busy("replay", "st02-y", "--limit", "3", "--json").data["more"] is False


def test_text_says_what_changed_and_the_state_of_all_steps(busy: Orch) -> None:
    said = busy("replay", "st01-x").out
    for words in (
        "grace (human)  st01-x/spec: rejected spec iteration 1",
        "– say how it is measured",
        "spec state: awaiting approval → rejected",
        "spec iteration: 1 → 2",
        "“good”",
        "spec approved, iteration 2, verdict at 9 · research not started · plan not started",
        "blocked by B1 · waits for st02-y",
    ):
        assert words in said, words
    whole = busy("replay").out
    assert "minimum approvers: 1 → 2" in whole and "replaced keys 1" in whole
    assert busy("replay", "--all").out == whole


def test_csv_and_json_lines_say_what_json_says(busy: Orch) -> None:
    told = rows(busy)
    said = busy("replay", "--format", "csv").out
    cells = list(csv.DictReader(io.StringIO(said, newline="")))
    assert [int(each["position"]) for each in cells] == [row["position"] for row in told]
    for each, row in zip(cells, told, strict=True):
        assert json.loads(each["changes"]) == row["changes"]
        assert json.loads(each["phase_state"] or "null") == row["phase_state"]
        steps = (row["phase_state"] or {"steps": {}})["steps"]
        assert each["spec.state"] == (steps["spec"]["state"] if steps else "")
    events = [json.loads(line) for line in busy("replay", "--format", "jsonl").out.splitlines()]
    assert [event["data"] for event in events] == told and events[0]["specversion"] == "1.0"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("st99-never",), 4),
        (("No Phase",), 2),
        (("--from", "yesterday"), 2),
        (("--from", "2026-11-24T14:00:00"), 2),
        (("--to", "position:999"), 4),
        (("--format", "csv"), 2),
        (("--step", "idea"), 2),
        (("st02-y", "--at", "position:4"), 4),
    ],
)
def test_what_could_only_be_mistyped_is_refused(busy: Orch, words: tuple[str, ...], status: int) -> None:
    refused = busy("replay", *words, "--json")
    assert refused.status == status and refused.error["message"]


@pytest.mark.in_file
def test_an_erased_text_is_said_to_be_erased_and_never_fails(busy: Orch) -> None:
    store = sqlite3.connect(".orch/log.db")
    store.execute("DROP TRIGGER events_never_change")
    store.execute("UPDATE events SET payload = NULL, salt = NULL")
    store.commit()
    store.close()
    said = busy("replay").out
    assert "(its text was erased)" in said and "say how it is measured" not in said
    assert sum(row["erased"] for row in rows(busy)) > 5


@pytest.mark.in_file
def test_a_damaged_log_is_no_half_document(busy: Orch) -> None:
    store = sqlite3.connect(".orch/log.db")
    store.execute("DROP TRIGGER events_never_change")
    store.execute("UPDATE events SET version = 9 WHERE position = 12")
    store.commit()
    store.close()
    for form in ("text", "json", "csv", "jsonl"):
        refused = busy("replay", "--format", form)
        assert refused.status == 6 and refused.out == "", form


def test_control_characters_from_data_never_reach_text(busy: Orch) -> None:
    assert busy("block", "st01-x", "bell \x07 escape \x1b[31m turn \u202e end").status == 0
    for form in ("text", "csv", "jsonl"):
        said = busy("replay", "--format", form).out
        assert "\\u001b" in said and not set(said) & set("\x07\x1b\u202e"), form

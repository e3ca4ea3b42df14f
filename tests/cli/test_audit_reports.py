"""orch audit exceptions, population and sample, and orch diff."""

import csv
import io
from pathlib import Path

import pytest

from projections.audit_sample import draw
from tests.cli.conftest import Orch, position


@pytest.fixture
def judged(drafted: Orch) -> Orch:
    """Return the same function where an agent that may approve has done so by force: one is not enough."""
    assert drafted("spec", "st01-x", "--objectives", "another").status == 0
    assert drafted("policy", "set", "--agents-may-approve", "--minimum-approvers", "2").status == 0
    words = ("--force", "--reason", "release day", "--actor", "robot", "--actor-kind", "agent")
    assert drafted("approve", "st01-x", "spec", *words).status == 0
    return drafted


def test_exceptions_say_what_who_when_and_why(judged: Orch) -> None:
    told = judged("audit", "exceptions", "--json").data
    assert [row["exception"] for row in told["rows"]] == ["forced", "verdict_not_by_a_person"]
    assert {row["exception"]: row["count"] for row in told["counts"]} == {
        "forced": 1,
        "break_glass": 0,
        "self_approval": 0,
        "automatic_approval": 0,
        "verdict_not_by_a_person": 1,
        "request_expired": 0,
        "stale_step_reconfirmed": 0,
        "verdict_imported": 0,
    }
    said = judged("audit", "exceptions").out
    for words in ("forced", "robot (agent)", told["rows"][0]["recorded_at"][:10], "release day", "2 exceptions"):
        assert words in said, words


def test_exceptions_take_the_filters(judged: Orch) -> None:
    assert judged("audit", "exceptions", "--kind", "human", "--json").data["rows"] == []
    assert judged("audit", "exceptions", "--at", "position:3", "--json").data["rows"] == []


def test_the_population_counts_what_the_trail_lists(judged: Orch) -> None:
    told = judged("audit", "population", "--json").data
    assert told["total"] == position(judged) == told["as_of"]["position"]
    assert {row["name"]: row["count"] for row in told["actors"]} == {"ada": told["total"] - 1, "robot": 1}
    assert told["verdicts"][0] == {"outcome": "approved", "count": 1}
    assert judged("audit", "population", "--actor", "robot", "--json").data["total"] == 1
    said = judged("audit", "population").out
    assert "robot (agent)" in said and "phase.document_approved" in said


def test_a_sample_can_be_drawn_again_after_the_log_has_grown(judged: Orch) -> None:
    words = ("audit", "sample", "--n", "3", "--seed", "2026-q4", "--json")
    first = judged(*words).data
    size = first["as_of"]["position"]
    lowest = sorted(range(1, size + 1), key=lambda p: draw("2026-q4", p))[:3]
    assert [row["position"] for row in first["rows"]] == sorted(lowest)
    assert (first["population"], first["seed"]) == (size, "2026-q4")
    assert judged("reopen", "st01-x", "spec", "--reason", "more").status == 0
    again = judged(*words, "--at", f"position:{size}").data
    assert again["rows"] == first["rows"]


def test_a_seed_that_was_made_up_is_shown_and_draws_the_same(judged: Orch) -> None:
    first = judged("audit", "sample", "--n", "2", "--json").data
    again = judged("audit", "sample", "--n", "2", "--seed", first["seed"], "--json").data
    assert again == first and len(first["rows"]) == 2
    assert f"--seed {first['seed']}" in judged("audit", "sample", "--seed", first["seed"]).out


def test_a_sample_takes_filters_and_forms(judged: Orch) -> None:
    told = judged("audit", "sample", "--actor", "robot", "--seed", "s", "--json").data
    assert (told["population"], len(told["rows"])) == (1, 1)
    assert judged("audit", "sample", "--seed", "s", "--n", "2", "--format", "csv", "-o", "sample.csv").status == 0
    cells = list(csv.DictReader(io.StringIO(Path("sample.csv").read_bytes().decode(), newline="")))
    assert [row["draw"] for row in cells] == [draw("s", int(row["position"])) for row in cells] and len(cells) == 2
    for refused in (("--n", "0"), ("--seed", ""), ("--seed", "a\x1bb"), ("--seed", "x" * 201)):
        assert judged("audit", "sample", *refused).status == 2


def test_diff_compares_the_latest_two_unless_told_otherwise(judged: Orch) -> None:
    told = judged("diff", "st01-x", "spec", "--json").data
    assert (told["old"]["iteration"], told["new"]["iteration"]) == (1, 2)
    assert "- another" in " ".join(told["lines"]) and "-- Round trip below 10 ms" in told["lines"]
    status = judged("status", "st01-x", "--json").data
    assert told["new"]["digest"] == status["steps"]["spec"]["digest"] != told["old"]["digest"]
    back = judged("diff", "st01-x", "spec", "--from", "2", "--to", "1", "--json").data
    assert "+- Round trip below 10 ms" in back["lines"]
    assert judged("diff", "st01-x", "spec", "--from", "2", "--json").data["lines"] == []
    assert "say the same" in judged("diff", "st01-x", "spec", "--from", "2").out


def test_diff_in_text_is_the_same_lines_and_coloured_where_wanted(
    judged: Orch, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = judged("diff", "st01-x", "spec", "--json").data["lines"]
    plain = judged("diff", "st01-x", "spec").out
    assert plain.startswith("\n".join(lines)) and "\x1b" not in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = judged("diff", "st01-x", "spec").out
    assert "\x1b[31m-- Round trip" in coloured and "\x1b[32m+- another" in coloured


@pytest.mark.parametrize(
    "words",
    [
        ("st01-x", "spec", "--to", "1"),
        ("st01-x", "spec", "--from", "9"),
        ("st01-x", "spec", "--to", "9"),
        ("st01-x", "plan"),
        ("st99-y", "spec"),
    ],
)
def test_diff_refuses_an_iteration_that_is_not_there(judged: Orch, words: tuple[str, ...]) -> None:
    refused = judged("diff", *words, "--json")
    assert refused.status == 4 and refused.error["fix"]


def test_diff_as_of_a_moment_knows_only_what_was_there(judged: Orch) -> None:
    assert judged("diff", "st01-x", "spec", "--at", "position:5").status == 4


@pytest.mark.parametrize("name", ["trail", "exceptions", "population", "sample"])
def test_the_help_of_every_report_ends_with_what_to_type_next(orch: Orch, name: str) -> None:
    told = orch("audit", name, "--help").out
    assert "Next: orch audit" in told and "--from T" in told

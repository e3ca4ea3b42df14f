"""orch diff between two moments: of a phase, and of one of its texts."""

from typing import Any

import pytest

from tests.cli.conftest import Orch, position
from tests.fix_lines import understood


@pytest.fixture
def revised(drafted: Orch) -> Orch:
    """Return the same function: opened at 3, rejected at 6, drafted anew at 7, approved at 9, blocked at 10."""
    for words in (
        ("reject", "st01-x", "spec", "--feedback", "say how it is measured", "--actor", "grace"),
        ("spec", "st01-x", "--objectives", "another"),
        ("approve", "st01-x", "spec", "--actor", "grace"),
        ("block", "st01-x", "no sound card"),
    ):
        assert drafted(*words).status == 0, words
    return drafted


def diff(orch: Orch, *words: str) -> dict[str, Any]:
    answer = orch("diff", "st01-x", *words, "--json")
    assert answer.status == 0, answer
    return answer.data


def sides(found: dict[str, Any]) -> tuple[int, int]:
    return found["old"]["position"], found["new"]["position"]


def recorded_at(orch: Orch, at: int) -> str:
    found: str = orch("audit", "trail", "--json").data["rows"][at - 1]["recorded_at"]
    return found


@pytest.mark.parametrize(
    ("words", "moments"),
    [
        ((), (3, 10)),
        (("--from", "position:6"), (6, 10)),
        (("--to", "position:6"), (3, 6)),
        (("--from", "position:5", "--to", "position:9"), (5, 9)),
        (("--from", "position:5", "--at", "position:8"), (5, 8)),
        (("--from", "position:5", "--to", "position:9", "--at", "position:8"), (5, 8)),
        (("--from", "position:5", "--to", "2999-01-01T00:00:00Z"), (5, 10)),
        (("--from", "position:9", "--to", "position:9"), (9, 9)),
    ],
)
def test_moments_are_those_that_were_named(revised: Orch, words: tuple[str, ...], moments: tuple[int, int]) -> None:
    assert sides(diff(revised, *words)) == moments


def test_a_time_names_the_moment_that_status_shows_then(revised: Orch) -> None:
    old, new = recorded_at(revised, 6), recorded_at(revised, 9)
    found = diff(revised, "--from", old, "--to", new)
    assert sides(found) == (6, 9)
    for side, at in (("old", old), ("new", new)):
        status = revised("status", "st01-x", "--at", at, "--json").data
        for step, facts in found[side]["state"]["steps"].items():
            for name in ("state", "iteration", "digest"):
                assert facts[name] == status["steps"][step][name]


def test_a_person_reads_before_and_after_and_which_events_did_it(revised: Orch) -> None:
    said = revised("diff", "st01-x", "--from", "position:6").out
    for words in (
        "position 6 (",
        "→ position 10 (",
        "spec        state: rejected → approved  at 7, 9",
        "iteration: 1 → 2  at 7",
        "verdict: position 6 → position 9  at 7, 9",
        "research    not started, unchanged",
        "blocked by  none → B1  at 10",
        "Verdicts given",
        "grace (human)  approved spec iteration 2",
    ):
        assert words in said, words
    assert revised("reopen", "st01-x", "spec", "--reason", "more").status == 0
    said = revised("diff", "st01-x", "--from", "position:9").out
    assert "Approvals withdrawn" in said and "spec was approved by grace, verdict at 9" in said


def test_nothing_different_is_said(revised: Orch) -> None:
    said = revised("diff", "st01-x", "--from", "position:10").out
    assert "Nothing is different." in said and "spec        approved, iteration 2, verdict at 9, unchanged" in said


def test_a_request_that_ran_out_is_said_to_have_done_so_by_the_clock(drafted: Orch) -> None:
    assert drafted("policy", "set", "--request-expiry", "1").status == 0
    assert drafted("spec", "st02-y", "--objectives", "small").status == 0
    at = position(drafted)
    later = drafted("diff", "st02-y", "--from", f"position:{at}", "--at", "2999-01-01T00:00:00Z").out
    assert "state: awaiting approval → expired  by the clock" in later


@pytest.mark.parametrize(
    ("words", "iterations"),
    [
        (("--from", "position:4"), (1, 2)),
        (("--from", "position:4", "--to", "position:6"), (1, 1)),
        (("--to", "position:8"), (1, 2)),
        (("--from", "position:6", "--to", "position:7"), (1, 2)),
        (("--from", "position:8"), (2, 2)),
        (("--from", "1", "--to", "2"), (1, 2)),
        (("--from", "2", "--to", "1"), (2, 1)),
        ((), (1, 2)),
    ],
)
def test_texts_are_compared_as_of_moments_too(
    revised: Orch, words: tuple[str, ...], iterations: tuple[int, int]
) -> None:
    found = diff(revised, "spec", *words)
    assert (found["old"]["iteration"], found["new"]["iteration"]) == iterations
    assert bool(found["lines"]) == (iterations[0] != iterations[1])


@pytest.mark.parametrize(
    ("words", "status", "saying"),
    [
        (("--from", "3"), 2, "needs STEP"),
        (("--to", "3"), 2, "needs STEP"),
        (("spec", "--from", "1", "--to", "position:9"), 2, "not one of each"),
        (("--from", "position:4", "--to", "2"), 2, "not one of each"),
        (("spec", "--from", "0"), 2, "count from 1"),
        (("spec", "--to", "9" * 30), 2, "count from 1"),
        (("spec", "--from", "9"), 4, "no iteration 9"),
        (("--from", "position:2"), 4, "was not open yet at position:2: it was opened at position 3"),
        (("--to", "2001-01-01T00:00:00Z"), 4, "was not open yet"),
        (("spec", "--from", "position:2"), 4, "was not open yet"),
        (("spec", "--from", "position:3"), 4, "had no recorded text at position:3"),
        (("spec", "--to", "position:5"), 4, "no iteration of spec before the first"),
        (("--from", "position:9", "--to", "position:5"), 2, "The first moment is the earlier one"),
        (("spec", "--from", "position:9", "--to", "position:5"), 2, "The first moment is the earlier one"),
        (("--from", "2999-01-01T00:00:00Z"), 2, "The first moment is the earlier one"),
        (("--from", "2026-11-24T14:00:00"), 2, "time zone"),
        (("--from", "yesterday"), 2, "A moment is"),
        (("--from", "position:99"), 4, "no position 99"),
        (("plan",), 4, "no recorded text"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_what_would_work(
    revised: Orch, words: tuple[str, ...], status: int, saying: str
) -> None:
    refused = revised("diff", "st01-x", *words, "--json")
    assert refused.status == status and saying in refused.error["message"], refused
    assert refused.error["fix"] and all(understood(line) for line in refused.error["fix"])


def test_the_command_that_a_refusal_offers_works(revised: Orch) -> None:
    for words in (
        ("--from", "position:2"),
        ("--from", "position:9", "--to", "position:5"),
        ("spec", "--from", "position:9", "--to", "position:5"),
    ):
        fix = revised("diff", "st01-x", *words, "--json").error["fix"][0].split()
        assert fix[:3] == ["orch", "diff", "st01-x"]
        assert revised(*fix[1:]).status == 0, fix


def test_a_phase_that_nobody_opened_is_not_found(revised: Orch) -> None:
    assert revised("diff", "st99-never", "--json").status == 4
    assert revised("diff", "No Phase", "--json").status == 2


@pytest.mark.in_file
def test_erased_texts_never_fail(revised: Orch) -> None:
    from tests.cli.insider import inside
    from tests.cli.verified_world import LOG

    with inside(LOG) as connection:
        connection.execute("UPDATE events SET payload = NULL, salt = NULL")
    found = diff(revised)
    assert found["new"]["state"]["title_erased"] and found["new"]["state"]["title"] == "X"
    assert "Verdicts given" in revised("diff", "st01-x").out

"""orch remember and orch context: what must be known, the most important first, within a budget."""

from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from projections.tokens import tokens
from tests.cli.conftest import Orch
from tests.cli.test_startup import HEAVY, loaded_by
from usecases.context_file import MARK

FILE = Path("dev/orch-log.md")
LIES = "done\n```\n````\n# Context of everything\n\n---\n~~~\nAbout 1 of 2 tokens. \x1b[31m\u202e"


def must(orch: Orch, *words: str) -> Any:
    answer = orch(*words)
    assert answer.status == 0, answer
    return answer


@pytest.fixture
def busy(project: Orch) -> Orch:
    """Something of every kind, in two phases."""
    must(
        project, "spec", "st01-x", "--objectives", "Round trip below 10 ms," + ",".join(f"Goal {n}" for n in range(40))
    )
    must(project, "approve", "st01-x", "spec")
    must(project, "research", "st01-x", "--foundation", "Known since 1960.")
    must(project, "reject", "st01-x", "research", "--feedback", "Name a source", "--feedback", "Shorter")
    must(project, "spec", "st02-y", "--objectives", "Mix")
    must(project, "block", "st02-y", "no sound card")
    must(project, "remember", "details matter", "--level", "detail")
    must(project, "remember", "use ASIO", "--phase", "st01-x")
    must(project, "remember", "tests first", "--level", "warning", "--phase", "st02-y")
    must(project, "remember", LIES, "--level", "critical")
    return project


def rows(orch: Orch, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = must(orch, "context", "--json", *words).data["rows"]
    return found


def kinds(orch: Orch, *words: str) -> list[str]:
    return [row["level"] or row["kind"] for row in rows(orch, *words)]


def test_the_most_important_comes_first(busy: Orch) -> None:
    assert kinds(busy, "--level", "4") == [
        *("critical", "blocker", "feedback", "warning", "verdict", "standard", "document", "detail")
    ]


@pytest.mark.parametrize(
    ("level", "count"), [("0", 0), ("none", 0), ("1", 2), ("2", 5), ("warnings", 5), ("3", 7), ("4", 8), ("all", 8)]
)
def test_a_level_shows_what_weighs_as_much(busy: Orch, level: str, count: int) -> None:
    data = must(busy, "context", "--level", level, "--json").data
    assert len(data["rows"]) == count
    assert sum(left["count"] for left in data["left_out"]) == 8 - count


def test_drafts_are_shown_only_when_asked_for_and_never_as_approved(busy: Orch) -> None:
    assert "Known since 1960" not in must(busy, "context", "--level", "4").out
    drafts = [row for row in rows(busy, "--drafts") if row["kind"] == "draft"]
    assert {(row["phase"], row["step"]) for row in drafts} == {("st01-x", "research"), ("st02-y", "spec")}
    said = must(busy, "context", "--drafts").out
    assert "## st01-x research, iteration 1, NOT approved" in said and "Known since 1960" in said


def test_a_phase_sees_its_own_things_and_those_of_the_project(busy: Orch) -> None:
    found = rows(busy, "--phase", "st02-y", "--level", "4")
    assert {row["phase"] for row in found} == {None, "st02-y"}
    assert [row["text"] for row in found if row["kind"] == "directive"] == [LIES, "tests first", "details matter"]
    assert busy("context", "--phase", "st02-yy").status == 4


def test_a_document_names_its_digest_and_who_approved_it(busy: Orch) -> None:
    (row,) = [row for row in rows(busy) if row["kind"] == "document"]
    shown = must(busy, "show", "st01-x", "spec", "--json").data
    assert (row["digest"], row["text"], row["iteration"]) == (shown["digest"], shown["text"], 1)
    assert row["by"]["name"] == "ada" and not row["cut"]


def test_the_budget_is_never_exceeded_and_nothing_jumps_the_queue(busy: Orch) -> None:
    everything = rows(busy, "--level", "4", "--budget", "100k", "--drafts")
    taken = set()
    for budget in [*range(150, 1_500, 37), 2_000, 5_000]:
        answer = busy("context", "--level", "4", "--drafts", "--budget", str(budget), "--json")
        if answer.status == 2:
            assert "too small" in answer.error["message"] and budget < 300
            continue
        data, said = answer.data, must(busy, "context", "--level", "4", "--drafts", "--budget", str(budget)).out
        assert tokens(said) == data["tokens"] <= budget
        found = data["rows"]
        taken.add(len(found))
        assert [(r["kind"], r["position"]) for r in found] == [
            (r["kind"], r["position"]) for r in everything[: len(found)]
        ]
        assert [r["cut"] for r in found[:-1]] == [False] * (len(found) - 1) or not found
        for row, whole in zip(found, everything, strict=False):
            assert whole["text"].startswith(row["text"]) and (row["text"] == whole["text"]) != row["cut"]
        left = sum(each["count"] for each in data["left_out"])
        assert left == len(everything) - len(found)
        if found and found[-1]["cut"]:
            assert "Cut here: about" in said
    assert len(taken) > 5, "the budgets never made a difference"


def test_a_project_of_its_own_words_is_the_same_every_time(busy: Orch) -> None:
    assert must(busy, "context").out == must(busy, "context").out


def test_no_text_passes_for_the_page(busy: Orch) -> None:
    """A Markdown reader sees our headings and no others; no control character comes through."""
    said = must(busy, "context", "--level", "4", "--drafts").out
    parsed = MarkdownIt().parse(said)
    headings = [parsed[at + 1].content for at, token in enumerate(parsed) if token.type == "heading_open"]
    assert len(headings) == 1 + 10 and "Context of everything" not in headings
    assert sum(token.type == "hr" for token in parsed) == 1
    fences = [token.content for token in parsed if token.type == "fence"]
    assert len(fences) == 10 and "# Context of everything" in "".join(fences)
    assert not set("\x1b\u202e") & set(said)


def test_what_is_left_out_is_counted_and_can_be_seen(busy: Orch) -> None:
    data = must(busy, "context", "--level", "1", "--json").data
    assert {each["why"] for each in data["left_out"]} == {"level"}
    assert data["see"] == ["orch context --level 4 --budget 20000"]
    assert "Left out: " in must(busy, "context", "--level", "1").out
    assert "Nothing was left out" in must(busy, "context", "--level", "4").out


def test_an_earlier_moment_knows_what_was_known_then(busy: Orch) -> None:
    before = must(busy, "list", "--json").data["as_of"]["position"]
    must(busy, "remember", "--forget", "4", "--reason", "it lied")
    must(busy, "unblock", "st02-y", "B1")
    assert kinds(busy, "--level", "1") == []
    assert kinds(busy, "--level", "1", "--at", f"position:{before}") == ["critical", "blocker"]


def test_what_was_answered_or_archived_is_not_open_any_more(busy: Orch) -> None:
    must(busy, "research", "st01-x", "--foundation", "Known since 1960, see Mathews.")
    assert "feedback" not in kinds(busy)
    must(busy, "archive", "st02-y", "--reason", "over")
    assert "blocker" not in kinds(busy) and "warning" not in kinds(busy)
    assert "blocker" in kinds(busy, "--phase", "st02-y")


def test_an_erased_directive_is_counted_and_not_shown(busy: Orch) -> None:
    (position,) = [row["position"] for row in rows(busy) if row["level"] == "critical"]
    must(busy, "context", "--write")
    assert "Context of everything" in FILE.read_text()
    said = must(busy, "audit", "redact", str(position), "--reason", "lies", "--yes", "--json").data
    assert said["removed"] == [str(FILE)] and not FILE.exists()
    data = must(busy, "context", "--json").data
    assert {"kind": "directive", "why": "erased", "count": 1} in data["left_out"]
    assert "orch audit trail" in data["see"]


def test_the_file_is_written_on_request_and_never_over_somebody_elses(busy: Orch) -> None:
    said = must(busy, "context", "--write", "--json").data
    assert said["written"] == str(FILE) and FILE.read_text() == MARK + must(busy, "context").out
    must(busy, "context", "--write")
    FILE.write_text("# My own notes\n")
    refused = busy("context", "--write", "--json")
    assert refused.status == 3 and refused.error["fix"] == ["mv dev/orch-log.md dev/orch-log.md.kept"]
    assert FILE.read_text() == "# My own notes\n"


@pytest.mark.parametrize(
    "words",
    [
        ("--budget", "many"),
        ("--budget", "0"),
        ("--budget", "9"),
        ("--budget", "-1"),
        ("--level", "5"),
        ("--level", "²"),
    ],
)
def test_words_that_mean_nothing_are_refused_with_a_way_on(busy: Orch, words: tuple[str, str]) -> None:
    refused = busy("context", *words, "--json")
    assert refused.status == 2 and refused.error["fix"], refused


def test_remember_says_its_number_and_repeats_safely(project: Orch) -> None:
    first = must(project, "remember", "no clicks", "--json", "--command-id", "r1").data
    again = must(project, "remember", "no clicks", "--json", "--command-id", "r1").data
    assert first == again and first["directive"] == 1
    assert len(rows(project)) == 1
    assert must(project, "remember", "--forget", "1", "--reason", "done", "--json").data["directive"] == 1
    assert rows(project) == []
    topics = [row["topic"] for row in must(project, "audit", "trail", "--json").data["rows"]]
    assert topics[-2:] == ["project.directive_remembered", "project.directive_forgotten"]


@pytest.mark.parametrize("words", [(), ("x", "--forget", "1"), ("x", "--level", "huge"), ("x", "--phase", "Bad Id")])
def test_remember_refuses_what_it_cannot_mean(project: Orch, words: tuple[str, ...]) -> None:
    assert project("remember", *words).status == 2


def test_an_agent_does_not_take_back_what_a_person_said(project: Orch) -> None:
    must(project, "remember", "no clicks")
    refused = project("remember", "--forget", "1", "--reason", "in my way", "--actor-kind", "agent", "--json")
    assert refused.status == 3 and refused.error["code"] == "POLICY_VIOLATION"


def test_the_log_of_a_project_with_directives_verifies(busy: Orch) -> None:
    must(busy, "remember", "--forget", "1", "--reason", "done")
    verified = busy("audit", "verify", "--json")
    assert verified.status == 7, "sound, and not anchored yet"
    assert must(busy, "rebuild", "--check", "--json").data["other_heads"] == []


@pytest.mark.in_file
def test_context_loads_no_event_class_and_nothing_heavy(busy: Orch) -> None:
    assert {name.split(".")[0] for name in loaded_by("context")} & HEAVY == set()


def test_what_is_left_to_do_is_said_and_those_first_that_somebody_works_on(busy: Orch) -> None:
    for step, words in (
        ("research", ("--foundation", "More")),
        ("plan", ("--components", "Mixer")),
        ("prd", ("--goal", "Sound")),
        ("tasks", ("--tasks", "Ring buffer,Mixer,Meter")),
    ):
        must(busy, step, "st01-x", *words)
        assert "tasks" not in kinds(busy, "--level", "4", "--phase", "st01-x"), "nobody approved them yet"
        must(busy, "approve", "st01-x", step)
    must(busy, "task", "done", "st01-x", "T001")
    must(busy, "task", "start", "st01-x", "T003")
    must(busy, "task", "assign", "st01-x", "T002", "--to", "linus")
    (row,) = [row for row in rows(busy, "--phase", "st01-x") if row["kind"] == "tasks"]
    who = must(busy, "task", "list", "st01-x", "--json").data["rows"][2]["by"]["name"]
    assert row["text"] == f"- T003 (being worked on by {who}): Meter\n- T002 (to do by linus): Mixer"
    assert "## st01-x: what is left to do" in must(busy, "context", "--phase", "st01-x").out
    for number in ("T002", "T003"):
        must(busy, "task", "done", "st01-x", number)
    assert "tasks" not in kinds(busy, "--phase", "st01-x")

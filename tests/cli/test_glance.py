"""orch dashboard, orch progress and orch next over many phases: what is shown, and how little is read for it."""

import re
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest

from adapters.sqlite_log import SqliteLog
from cli.screen import width
from domain.event_log import Decision
from domain.phase import Phase
from tests.cli.conftest import Orch
from tests.reliability.ledger import ADA

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
ESCAPE = re.compile("\x1b")


def open_phases(count: int) -> None:
    """Record so many phases that nobody has worked on."""
    with SqliteLog.open(Path(".orch/log.db").absolute()) as log:
        decisions = []
        for number in range(count):
            phase = Phase.open(f"st{number:04}-many", title=f"Phase {number}", by=ADA, at=AT)
            decisions.append(
                Decision(f"many-{number}", "0" * 64, phase.decided(), {phase.id: phase.head()}, {phase.id: 0})
            )
        log.append(decisions)


def test_the_dashboard_says_what_waits_what_is_blocked_and_what_to_do(drafted: Orch) -> None:
    drafted("spec", "st02-y", "--objectives", "Small", "--title", "Mixer | *bold*")
    drafted("block", "st02-y", "no sound card")
    data = drafted("dashboard", "--json").data
    assert [(row["phase"], row["attention"]) for row in data["rows"]] == [("st01-x", "verdict"), ("st02-y", "blocked")]
    assert data["rows"][0]["waiting"]["step"] == "spec"
    assert data["rows"][1]["blockers"][0]["description"] == "no sound card"
    assert data["advice"] == drafted("next", "--limit", "3", "--json").data["rows"]
    shown = drafted("board").out
    assert "1 waiting for a verdict, 1 blocked" in shown and "B1 since" in shown
    assert "→ orch approve st01-x spec" in shown
    assert drafted("dashboard", "--at", "position:2", "--json").data["totals"]["phases"] == 0


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_no_line_is_wider_than_the_screen(drafted: Orch, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    drafted("block", "st01-x", "no sound card " * 20)
    rows = drafted("dashboard").out.split("PHASE", 1)[1].split("✓ approved", 1)[0]
    assert all(width(line) <= columns for line in rows.splitlines())


def test_colour_only_where_it_is_welcome(drafted: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not ESCAPE.search(drafted("dashboard").out)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert ESCAPE.search(drafted("dashboard").out)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not ESCAPE.search(drafted("dashboard").out)


def test_the_page_is_the_same_for_the_same_moment_and_its_words_are_no_markup(drafted: Orch) -> None:
    drafted("spec", "st02-y", "--objectives", "Small", "--title", "Mixer | *bold* <b>")
    moment = drafted("list", "--json").data["as_of"]["position"]
    words = ("dashboard", "--write", "--at", f"position:{moment}")
    assert drafted(*words, "--json").data["document"] == "dev/dashboard.md"
    first = Path("dev/dashboard.md").read_bytes()
    assert drafted(*words).status == 0 and Path("dev/dashboard.md").read_bytes() == first
    text = first.decode()
    from markdown_it import MarkdownIt

    html = MarkdownIt("commonmark").enable("table").render(text)
    assert html.count("<tr>") == 2 + 1 + 1 + 2, "two amounts, two heads, two phases"
    assert "Mixer | *bold* &lt;b&gt;" in html


def test_progress_tells_shares_and_times(drafted: Orch) -> None:
    drafted("reject", "st01-x", "spec", "--feedback", "more")
    drafted("spec", "st01-x", "--objectives", "Anew")
    drafted("approve", "st01-x", "spec")
    whole = drafted("progress", "--json").data
    assert (whole["steps_approved"], whole["steps_total"], whole["measured"]) == (1, 5, 1)
    assert whole["medians"][0]["gate"]["count"] == 2 and whole["medians"][0]["rework"]["count"] == 1
    one = drafted("progress", "st01-x", "--json").data
    assert [span["ending"] for span in one["spans"]] == ["drafted", "rejected", "drafted", "approved", None]
    assert one["steps"][0]["rejections"] == 1
    then = drafted("progress", "st01-x", "--at", one["spans"][1]["ended"], "--json").data
    assert [span["ending"] for span in then["spans"]] == ["drafted", "rejected", None]
    assert "rejected" in drafted("progress", "st01-x").out and "FIRST TEXT" in drafted("progress").out
    assert drafted("progress", "st99-x").status == 4


@pytest.mark.in_file
def test_many_phases_are_counted_and_some_are_shown(project: Orch) -> None:
    open_phases(130)
    found = project("dashboard", "--json").data
    assert (len(found["rows"]), found["left_out"], found["totals"]["phases"]) == (100, 30, 130)
    assert "and 30 phases more: orch dashboard --all" in project("dashboard").out
    assert len(project("dashboard", "--all", "--json").data["rows"]) == 130
    assert len(project("dashboard", "--limit", "7", "--json").data["rows"]) == 7
    todo = project("next", "--json").data
    assert (len(todo["rows"]), todo["left_out"]) == (100, 30)
    assert "and 30 more: orch next --limit 130" in project("next").out
    assert project("progress", "--limit", "5", "--json").data["left_out"] == 125


@pytest.mark.in_file
@pytest.mark.parametrize("words", ["dashboard", "next", "progress", "list --json", "status st0001-many"])
def test_no_read_goes_through_the_whole_log(project: Orch, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    open_phases(300)
    asked: list[str] = []
    real = SqliteLog.open.__func__  # type: ignore[attr-defined]  # a class method

    def noted(_: object, sql: str, __: object) -> bool:
        asked.append(sql)
        return True

    def spied(cls: type[SqliteLog], /, *args: object, **options: object) -> SqliteLog:
        log: SqliteLog = real(cls, *args, **options)
        log._reader.set_exec_trace(noted)
        return log

    monkeypatch.setattr(SqliteLog, "open", classmethod(spied))
    assert project(*words.split()).status == 0
    plain = apsw.Connection(".orch/log.db")
    for sql in set(asked):
        plan = [
            row[3]
            for row in plain.execute(f"EXPLAIN QUERY PLAN {sql}", None if "?" not in sql else (1,) * sql.count("?"))
        ]
        whole = [step for step in plan if step.startswith("SCAN events") or "(rowid>" in step]
        assert not whole, (sql, whole)
    of_events = [sql for sql in asked if "FROM events" in sql]
    most = {"list --json": 300, "progress": 3 * 100, "status st0001-many": 1}.get(words, 100 + 3)
    assert 0 < len(of_events) <= most, "titles, and streams where times are wanted, of the phases that are shown"

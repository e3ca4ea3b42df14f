"""orch dashboard: the whole project at a glance."""

from shutil import get_terminal_size
from typing import Annotated

import typer

from cli.answers import answer
from cli.bars import bar, share
from cli.dashboard_words import LEGEND, SIGNS, amounts, headline, now, remarks
from cli.options import Asked, reading
from cli.project import opened
from cli.screen import STATES, clean, cut, one_line, paint, print_table, width
from projections.counts import counted
from projections.dashboard import Attention, Dashboard, DashboardRow
from projections.moments import as_of
from usecases.advice import MOST
from usecases.dashboard import dashboard_of
from usecases.reads import view_of_all

WIDTH = 120
"""Columns where stdout is no terminal and COLUMNS says nothing."""
TITLE = 28
"""Columns that a title takes at the most."""
TASKS = 16
"""Columns that a bar of tasks takes, as a rule."""
GAP = 2
NARROWEST = 24
"""Columns that are left for where a phase stands, on however narrow a screen."""
COLOURS = {
    Attention.VERDICT: "yellow",
    Attention.BLOCKED: "red",
    Attention.STALE: "yellow",
    Attention.HANDOFF: "green",
    Attention.HANDED_OFF: "dim",
    Attention.ARCHIVED: "dim",
}
Limit = Annotated[int, typer.Option("--limit", min=1, help="Show at most so many phases.")]
All = Annotated[bool, typer.Option("--all", help="Show every phase.")]
Write = Annotated[bool, typer.Option("--write", help="Write it as dev/dashboard.md, too.")]


@reading
def dashboard(asked: Asked, limit: Limit = MOST, everything: All = False, write: Write = False) -> None:
    """Show the whole project: every phase, what waits and since when, what blocks it, and what to do next.

    Example: orch dashboard --write

    Next: the commands it advises
    """
    with opened() as project:
        view = view_of_all(project, asked.at)
        found = dashboard_of(project, view, limit=None if everything else limit)
        moment = as_of(view.moment)
        document = None
        if write:
            from cli.dashboard_page import page

            document = project.files.named(project.files.write_beside("dashboard.md", page(found, moment)))

    def show() -> None:
        _show(found)
        if document:
            print(paint(f"written   {clean(document)}", "dim"))

    answer("dashboard", {**found, "document": document, "as_of": moment}, as_json=asked.json, show=show)


def _show(found: Dashboard) -> None:
    if not found["totals"]["phases"]:
        print('There is no phase yet. Begin with: orch spec st01-first-phase --objectives "what it must achieve"')
        return
    numbers = found["totals"]
    print(paint(headline(numbers), "bold"))
    for name, done, total in amounts(numbers):
        print(f"{name}  {bar(done, total, cells=20)}  {share(done, total)}")
    print()
    _show_rows(found["rows"])
    if found["left_out"]:
        print(paint(f"and {counted(found['left_out'], 'phase')} more: orch dashboard --all", "dim"))
    print(paint(LEGEND, "dim"))
    for number, step in enumerate(found["advice"]):
        if not number:
            print()
        print(f"→ {paint(clean(step['command']), 'bold')}")
        print(f"  {one_line(step['phase'])}: {one_line(step['because'])}")


def _show_rows(rows: list[DashboardRow]) -> None:
    """Show a line for each phase, and one more for whatever stands in its way, none wider than the screen."""
    titles = [cut(one_line(row["title"]), TITLE) for row in rows]
    taken = max(len(row["phase"]) for row in rows) + max(map(width, titles)) + len(SIGNS) + TASKS + 4 * GAP
    left = max(NARROWEST, get_terminal_size((WIDTH, 24)).columns - taken)
    table: list[tuple[str, ...]] = []
    for row, title in zip(rows, titles, strict=True):
        table.append((row["phase"], title, _steps(row), _tasks(row), _painted(row, cut(one_line(now(row)), left))))
        for remark, colour in remarks(row):
            table.append(("", "", "", "", paint(cut(f"  {one_line(remark)}", left), colour)))
    print_table(table, head=("PHASE", "TITLE", "STEPS", "TASKS", "NOW"))


def _steps(row: DashboardRow) -> str:
    return "".join(paint(SIGNS[each["state"]], STATES[each["state"]]) for each in row["steps"])


def _tasks(row: DashboardRow) -> str:
    done, total = row["tasks_done"], row["tasks_total"]
    return f"{bar(done, total, cells=6)} {done}/{total}" if total else ""


def _painted(row: DashboardRow, words: str) -> str:
    return paint(words, COLOURS[row["attention"]]) if row["attention"] in COLOURS else words

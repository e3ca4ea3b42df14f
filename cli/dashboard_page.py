"""The dashboard as Markdown, for people who look at the project where its files are shown."""

import re

from cli.bars import bar, share
from cli.dashboard_words import LEGEND, SIGNS, amounts, headline, now, remarks
from cli.screen import one_line
from domain.steps import STEPS
from projections.dashboard import Dashboard, DashboardRow
from projections.moments import AsOf

MARKUP = re.compile(r"([\\`*_\[\]<>~|&#!])")
"""What could become a link, a picture, a tag, a mention of something: people's words stay words."""


def page(found: Dashboard, moment: AsOf) -> str:
    """Return the page; the same for the same answer."""
    when = f", recorded at {moment['recorded_at']}" if moment["recorded_at"] else ""
    lines = [
        "# Dashboard",
        "",
        f"As of position {moment['position']} of the log{when}.",
        "",
        f"{headline(found['totals'])}.",
    ]
    lines += ["", "| | | |", "| --- | --- | --- |"]
    lines += [
        f"| {n} | `{bar(done, total, cells=20)}` | {share(done, total)} |"
        for n, done, total in amounts(found["totals"])
    ]
    if found["advice"]:
        lines += ["", "## What to do next", ""]
        lines += [
            f"- `{step['command']}` – {_plain(step['phase'])}: {_plain(step['because'])}" for step in found["advice"]
        ]
    if found["rows"]:
        lines += [
            "",
            "## Phases",
            "",
            _cells(["Phase", "Title", *STEPS, "Tasks", "Now"]),
            _cells(["---"] * (len(STEPS) + 4)),
        ]
        lines += [_line(row) for row in found["rows"]]
        lines += ["", f"{_plain(LEGEND)}."]
    if found["left_out"]:
        lines += ["", f"{found['left_out']:,} more phases are counted and not shown: `orch dashboard --all --write`."]
    return "\n".join(lines) + "\n"


def _line(row: DashboardRow) -> str:
    steps = [f"{SIGNS[each['state']]} {each['iteration'] or ''}".rstrip() for each in row["steps"]]
    tasks = f"`{bar(row['tasks_done'], row['tasks_total'])}` {row['tasks_done']}/{row['tasks_total']}"
    words = "<br>".join(_plain(said) for said in (now(row), *(remark for remark, _ in remarks(row))))
    title = _plain(row["title"])
    return _cells([_plain(row["phase"]), title, *map(_plain, steps), tasks if row["tasks_total"] else "", words])


def _cells(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(words: str) -> str:
    """Return somebody's words as one line without any markup in it."""
    return MARKUP.sub(r"\\\1", one_line(words))

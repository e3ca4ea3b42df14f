"""Diagrams in Mermaid, which GitHub draws: any text is safe in a label."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

TEXT_LIMIT, EDGE_LIMIT = 50_000, 500
"""Mermaid draws no more than that (its `maxTextSize` and `maxEdges`, which a document cannot raise)."""
LABEL_LIMIT = 80
DAYS_LIMIT = 366
"""Longer charts would count their days from 1 again."""
TOO_LARGE = "*The diagram would be too large to draw.*"
MEANS_SOMETHING = re.compile(r"(?!(?<=\w)-(?=\w))[^\w ,/…]|_")
DAY_ONE = datetime(2001, 1, 1)  # noqa: DTZ001  # a Monday and the first day of a year, so that `%j` counts from 1


def flowchart(graph: Mapping[str, Any], direction: str = "LR") -> str:
    """Return a graph as a fenced flowchart.

    `graph` has `nodes` (name and label), `edges` (from, to; both names of nodes) and the names `marked` as critical.
    """
    nodes, edges = graph["nodes"], graph["edges"]
    number = {name: f"n{at}" for at, (name, _) in enumerate(nodes, 1)}
    lines = [f"flowchart {direction}"]
    lines += [f'    {number[name]}["{label_of(label)}"]' for name, label in nodes]
    lines += [f"    {number[source]} --> {number[target]}" for source, target in edges]
    marked = ",".join(number[name] for name in graph.get("marked") or ())
    if marked:
        lines += ["    classDef critical stroke-width:4px", f"    class {marked} critical"]
    return fenced(lines) if len(edges) <= EDGE_LIMIT else TOO_LARGE


def gantt(bars: Sequence[Mapping[str, Any]]) -> str:
    """Return bars as a fenced Gantt chart over working days, counted from day 1.

    A bar has `id`, `label`, `section`, `start` and `finish` in days since the beginning, and whether it is `marked`.
    """
    if max((bar["finish"] for bar in bars), default=0) > DAYS_LIMIT:
        return TOO_LARGE
    lines = ["gantt", "    dateFormat YYYY-MM-DD HH:mm", "    axisFormat Day %j"]
    section = ""
    for bar in bars:
        if bar["section"] != section:
            section = bar["section"]
            lines.append(f"    section {label_of(section)}")
        start, finish = _moment(bar["start"]), _moment(bar["finish"])
        tags = [tag for tag, on in (("crit", bar["marked"]), ("milestone", start == finish)) if on]
        about = ", ".join([*tags, bar["id"], start, finish if start != finish else "0d"])
        lines.append(f"    {label_of(bar['label'])} :{about}")
    return fenced(lines)


def label_of(text: str) -> str:
    """Return a text as a label: everything that may mean something to Mermaid as its entity code (`#35;`)."""
    text = " ".join(text.split())
    if len(text) > LABEL_LIMIT:
        text = text[: LABEL_LIMIT - 1].rstrip() + "…"
    return MEANS_SOMETHING.sub(lambda found: f"#{ord(found[0])};", text)


def fenced(lines: Sequence[str]) -> str:
    """Return the lines of a diagram as a code block that GitHub draws, or say that it is too large."""
    text = "\n".join(lines)
    return f"```mermaid\n{text}\n```" if len(text) <= TEXT_LIMIT else TOO_LARGE


def _moment(days: float) -> str:
    return (DAY_ONE + timedelta(minutes=round(days * 24 * 60))).strftime("%Y-%m-%d %H:%M")

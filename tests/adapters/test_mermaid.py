"""Diagrams that GitHub draws: whatever the words are, they stay words."""

import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mermaid import DAYS_LIMIT, EDGE_LIMIT, LABEL_LIMIT, TOO_LARGE, flowchart, gantt, label_of
from tests.adapters.mermaid_grammar import check, diagrams, read

WORDS = st.one_of(
    st.sampled_from(
        ['"]; n1 --> n2', "end", "%% x", "%%{init: {}}%%", "#35;", "`md`", "a --> b", "<script>", "]\n```"]
    ),
    st.sampled_from(
        ["style x:#f;", "classDef a:#b;", "section x", "title: y", "a:b", "- x", "1. x", "click a href b", "_x_"]
    ),
    st.text(min_size=1).filter(lambda text: text.split()),
)


def test_a_graph_with_a_marked_path() -> None:
    graph = {"nodes": [("a", "A"), ("b", "B (2)")], "edges": [("a", "b")], "marked": ["b"]}
    assert flowchart(graph) == (
        '```mermaid\nflowchart LR\n    n1["A"]\n    n2["B #40;2#41;"]\n    n1 --> n2\n'
        "    classDef critical stroke-width:4px\n    class n2 critical\n```"
    )


def bar(at: int, start: float, finish: float, **more: Any) -> dict[str, Any]:
    return {"id": f"T{at:03d}", "label": f"T{at:03d} x", "section": "One", "start": start, "finish": finish} | more


def test_a_chart_counts_days_from_the_first_one() -> None:
    bars = [bar(1, 0, 1.5, marked=True), bar(2, 1.5, 1.5, marked=False)]
    assert gantt(bars) == (
        "```mermaid\ngantt\n    dateFormat YYYY-MM-DD HH:mm\n    axisFormat Day %j\n    section One\n"
        "    T001 x :crit, T001, 2001-01-01 00:00, 2001-01-02 12:00\n"
        "    T002 x :milestone, T002, 2001-01-02 12:00, 0d\n```"
    )


@given(words=WORDS, other=WORDS)
def test_words_cannot_change_a_diagram(words: str, other: str) -> None:
    graph = {"nodes": [("a", words), ("b", other)], "edges": [("a", "b"), ("b", "a")], "marked": []}
    bars = [bar(1, 0, 1, label=f"T001 {words}", section=other, marked=True)]
    for text in (flowchart(graph), gantt(bars)):
        (diagram,) = diagrams(text)
        check(diagram)


@given(words=WORDS)
def test_a_reader_sees_the_words_as_they_were(words: str) -> None:
    plain = " ".join(words.split())
    seen = read(label_of(words))
    assert seen == plain or (seen.endswith("…") and plain.startswith(seen[:-1].rstrip()) and len(seen) <= LABEL_LIMIT)


@pytest.mark.parametrize("nodes", [EDGE_LIMIT + 2, 1500])
def test_what_mermaid_would_not_draw_is_said(nodes: int) -> None:
    names = [str(at) for at in range(nodes)]
    edges = list(pairwise(names))
    assert flowchart({"nodes": [(name, name) for name in names], "edges": edges}) == TOO_LARGE
    assert flowchart({"nodes": [(name, "x" * 200) for name in names] * 2, "edges": []}) == TOO_LARGE
    assert gantt([bar(1, 0, DAYS_LIMIT + 1, marked=False)]) == TOO_LARGE
    assert not re.search("mermaid", TOO_LARGE)

"""Our diagrams before Mermaid itself: it reads them, and sees the words as they were.

`npm install mermaid@11 jsdom` somewhere, then MERMAID_MODULES=THAT/node_modules; skipped without.
"""

import json
import os
import subprocess
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from adapters.inputs import fields_for
from adapters.mermaid import flowchart, gantt
from domain.steps import Step
from tests.adapters.mermaid_grammar import diagrams
from tests.adapters.rendering import render
from tests.adapters.test_templates import EXAMPLES

JUDGE = Path(__file__).with_name("mermaid_judge.mjs")
WORDS = (
    '"]; n1 --> n2',
    "end",
    "%% x",
    "%%{init: {}}%%",
    "#35; #quot;",
    "`md` **b**",
    "a --> b",
    "<script>alert(1)</script>",
    "style x:#f;",
    "classDef a:#b;",
    "section x",
    "title: y",
    "a:b;c",
    "click a href b",
    "subgraph x",
    "{x} (y) [z]",
    "é 愛 🎸",
)


def asked(*texts: str) -> list[dict[str, Any]]:
    modules = os.environ.get("MERMAID_MODULES")
    if which("node") is None or not modules:
        pytest.skip("Mermaid is not here (node, and MERMAID_MODULES with mermaid and jsdom)")
    question = json.dumps([text.removeprefix("```mermaid\n").removesuffix("\n```") for text in texts])
    ran = subprocess.run(
        ["node", JUDGE, modules], input=question, capture_output=True, text=True, timeout=120, encoding="utf-8"
    )
    assert ran.returncode == 0, ran.stderr
    answers: list[dict[str, Any]] = json.loads(ran.stdout)
    return answers


def test_mermaid_reads_every_diagram_of_the_example() -> None:
    plan, tasks = (
        render(step, fields_for(step, flags={}, file=str(EXAMPLES / f"{step}.yaml"))).text
        for step in (Step.PLAN, Step.TASKS)
    )
    components, phases, graph, chart = asked(*diagrams(plan), *diagrams(tasks))
    assert components["nodes"][:2] == ["Engine", "Backend"] and components["edges"] == 17
    assert phases["nodes"] == ["Foundations", "Graph and executor", "Devices", "Proof"]
    assert len(graph["nodes"]) == 18 and graph["edges"] == 23 and len(chart["bars"]) == 18


def test_mermaid_sees_words_as_words() -> None:
    charts = [
        gantt([{"id": "T001", "label": f"T001 {w}", "section": w, "start": 0, "finish": 1.5, "marked": True}])
        for w in WORDS
    ]
    graphs = [flowchart({"nodes": [("a", w), ("b", "B")], "edges": [("a", "b")], "marked": ["a"]}) for w in WORDS]
    answers = asked(*graphs, *charts)
    for words, graph, chart in zip(WORDS, answers[: len(WORDS)], answers[len(WORDS) :], strict=True):
        assert graph == {"nodes": [words, "B"], "edges": 1}
        ((task, section, number, start, finish),) = chart["bars"]
        assert (task, section, number) == (f"T001 {words}", words, "T001")
        assert finish > start

"""The documents as people read them."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from adapters.inputs import fields_for
from domain.basis import Basis
from domain.derived import derived
from domain.digest import digest_of, normalised
from domain.steps import STEPS, Step
from tests.adapters.mermaid_grammar import check
from tests.adapters.rendering import render

EXAMPLES = Path(__file__).parents[2] / "examples" / "real-time-audio-engine"
HOSTILE = st.one_of(
    st.sampled_from(["# x", "## x\n", "a|b", "a\\|b", "===", "a\n===", "---", "```", "~~~\n# x", "<!-- x", "<div>"]),
    st.sampled_from(["- [x] a", "1. a", "    # x", "> a", "[x] a", "[a]: b", "***", "{{ 7 * 7 }}", "{% raw %}", "`"]),
    st.sampled_from(["\t# x", "a\n\n\n\n# b", "| a |"]),
    st.text(st.characters(exclude_categories=("Cs", "Cc"))).map(lambda text: text.strip() or "x"),
)


def example(step: Step, **more: Any) -> str:
    return render(step, fields_for(step, flags={}, file=str(EXAMPLES / f"{step}.yaml")), **more).text


def headings(text: str) -> list[tuple[str, str]]:
    """Return what a Markdown reader takes for headings: level and words."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return [(t.tag, tokens[at + 1].content) for at, t in enumerate(tokens) if t.type == "heading_open"]


@pytest.mark.parametrize("step", STEPS)
def test_the_example_reads_well(step: Step) -> None:
    text = example(step, iteration=2, answers=["Name the number."])
    assert text == normalised(text)
    assert "\n\n\n" not in text and " \n" not in text
    assert not re.search(r"\bNone\b|undefined|to be defined|\bTBD\b|\{\{|\{%|\[\]", text)
    assert text.startswith("# ") and "**Phase** `st01-x` · **Iteration** 2" in text.splitlines()[2]
    assert text.endswith(
        "## Changes since iteration 1\n\nThis iteration answers the feedback on the one before:\n\n- Name the number.\n"
    )
    assert len(headings(text)) > 6
    for before, line, after in zip(
        ["", *text.splitlines()], text.splitlines(), [*text.splitlines()[1:], ""], strict=False
    ):
        if line.startswith("#"):
            assert (before, after) == ("", ""), f"no empty line around {line!r}"


@pytest.mark.parametrize("step", STEPS)
def test_every_text_of_the_example_is_in_its_document(step: Step) -> None:
    fields = fields_for(step, flags={}, file=str(EXAMPLES / f"{step}.yaml"))
    document = " ".join(example(step).split()).lower().replace("*", "")
    assert list(texts(fields))
    for text in texts({name: value for name, value in fields.items() if name != "title"}):
        for line in text.splitlines():
            said = " ".join(line.split()).lower().removeprefix("- ").rstrip(".").replace("*", "")
            assert said in document or re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text)


def texts(value: object) -> list[str]:
    match value:
        case str():
            return [value] if value not in ("journal", "web", "book") else []
        case list():
            return [text for item in value for text in texts(item)]
        case dict():
            return [text for item in value.values() for text in texts(item)]
        case _:
            return []


@pytest.mark.parametrize("step", STEPS)
def test_an_empty_section_leaves_no_heading(step: Step) -> None:
    assert [level for level, _ in headings(render(step, {}).text)] == ["h1"]
    fields = fields_for(step, flags={}, file=str(EXAMPLES / f"{step}.yaml"))
    whole = headings(render(step, fields).text)
    sections = [name for name in fields if name not in ("title", "type")]
    gone = 0
    for name in sections:
        without = headings(render(step, {key: value for key, value in fields.items() if key != name}).text)
        derived_instead = name == "timeline"  # from the feature matrix
        assert len(without) < len(whole) or name.endswith("_sources") or derived_instead
        gone += 1
    assert gone == len(sections) > 4


def test_a_first_iteration_lists_no_changes() -> None:
    assert "Changes" not in render(Step.SPEC, {"objectives": ["a"]}, answers=["b"]).text


def test_tasks_are_boxes_that_can_be_ticked_without_changing_the_digest() -> None:
    text = example(Step.TASKS)
    boxes = re.findall(r"^- \[ \] \*\*T[0-9]{3}\*\* ", text, re.MULTILINE)
    assert len(boxes) == 18
    ticked = text.replace("- [ ]", "- [x]", 1)
    assert ticked != text and digest_of(ticked, Step.TASKS) == digest_of(text, Step.TASKS)


def test_sources_are_printed_in_apa_style() -> None:
    text = example(Step.RESEARCH)
    assert (
        "- Sha, L., Rajkumar, R., & Lehoczky, J. P. (1990). Priority inheritance protocols: An approach to real-time"
        " synchronization. *IEEE Transactions on Computers, 39*(9), 1175–1185. <https://doi.org/10.1109/12.57058>\n"
    ) in text
    assert "(n.d.). *Core Audio*. Apple Developer Documentation. Retrieved November 23, 2026, from <https://" in text


@given(words=HOSTILE)
def test_words_cannot_change_the_structure(words: str) -> None:
    fields: dict[str, object] = {
        "technical_foundation": words,
        "alternatives": [{"name": words, "pros": [words, words]}, {"name": "b", "cons": ["c"]}],
        "recommended_approach": f"first\n\n{words}\nlast",
        "risks": [{"risk": words, "mitigation": words}],
        "resource_requirements": [words, "b"],
        "primary_sources": [{"title": words, "author": words}],
    }
    text = render(Step.RESEARCH, fields, title=words, iteration=2, answers=[words]).text
    sections = ["Recommended approach", "Technical foundation", "Alternatives", "Risks", "Resource requirements"]
    found = headings(text)
    assert [level for level, _ in found] == ["h1", *["h2"] * 6, "h3", "h2"]
    assert [name for _, name in found[1:]] == [*sections, "Sources", "Primary", "Changes since iteration 1"]
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    assert [t.type for t in tokens].count("table_open") == 2
    assert [t.type for t in tokens].count("tr_open") == 3 + 2
    assert [t.type for t in tokens if t.type == "html_block"] == []


@given(words=HOSTILE)
def test_words_cannot_tick_a_box_or_add_a_task(words: str) -> None:
    task = {"id": "T001", "title": words, "description": words, "acceptance_criteria": [words]}
    text = render(Step.TASKS, {"tasks": [task, {"id": "T002", "title": "b"}]}).text
    assert len(re.findall(r"^\s*[-*+] \[[ xX]\](?=\s)", text, re.MULTILINE)) == 2


def test_code_fences_and_lists_of_people_stay() -> None:
    words = "- a\n- b\n\n```\n# not a heading\n\n\nx\n```\n\n# a heading\n\n```\nnever closed"
    text = render(Step.RESEARCH, {"technical_foundation": words}).text
    assert "- a\n- b\n\n```\n# not a heading\n\n\nx\n```\n\n\\# a heading\n\n\\```\nnever closed\n" in text


@given(words=HOSTILE, other=HOSTILE)
def test_words_cannot_change_the_structure_of_what_is_derived(words: str, other: str) -> None:
    spec = {
        "objectives": [words],
        "deliverables": [words],
        "user_stories": [{"role": words, "want": other, "benefit": words}],
        "success_criteria": [words],
        "risks": [{"risk": words, "mitigation": other}],
    }
    plan = {"implementation_phases": [{"name": words}], "external_dependencies": [{"name": words, "version": other}]}
    bases = [Basis(Step.SPEC, 1, "sha256:1:aa", spec), Basis(Step.PLAN, 2, "sha256:1:bb", plan)]
    text = render(Step.PRD, {}, derived=derived(Step.PRD, {}, phase="st01-x", bases=bases)).text
    assert [name for _, name in headings(text)][1:] == [
        *("Goal of the first release", "Key features", "User stories", "Feature matrix", "User flow"),
        *("Technical priorities", "Success metrics", "Out of scope", "Timeline", "Dependencies", "Risks"),
    ]
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    assert [t.type for t in tokens].count("table_open") == 3 and "html_block" not in {t.type for t in tokens}
    assert [t.type for t in tokens].count("list_item_open") == 7


@given(words=HOSTILE, other=HOSTILE)
def test_words_cannot_change_the_diagrams_of_a_plan(words: str, other: str) -> None:
    assume(words != other)
    components = [{"name": words, "dependencies": [other]}, {"name": other}]
    phases = [{"name": words}, {"name": other, "dependencies": [words]}]
    text = render(Step.PLAN, {"core_components": components, "implementation_phases": phases}).text
    found = [t for t in MarkdownIt("commonmark").parse(text) if t.type == "fence" and t.info == "mermaid"]
    assert len(found) == 2
    for diagram in found:
        check(diagram.content.removesuffix("\n"))

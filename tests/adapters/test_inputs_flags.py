"""What the options make, alone and over a file."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from adapters.input_flags import FLAGS, Split
from adapters.input_models import model_of
from adapters.inputs import fields_for, split_list
from domain.errors import InvalidInput
from domain.steps import STEPS, Step

WORDS = st.text(max_size=30) | st.sampled_from(["4", "6.5", "a,b", r"a\,b", "st01-x", "Feature", "2", '{"files": []}'])
VALUES = st.none() | WORDS | st.lists(WORDS, max_size=3)


def test_nothing_given_is_nothing() -> None:
    assert all(fields_for(step, flags={}) == {} for step in STEPS)
    assert fields_for(Step.SPEC, flags={"objectives": None, "title": "", "criteria": [], "type": " "}) == {}


@pytest.mark.parametrize(
    ("words", "items"),
    [
        ("a, b ,c", ["a", "b", "c"]),
        (r"fast\, safe,small", ["fast, safe", "small"]),
        (["a,b", "c"], ["a", "b", "c"]),
        (",a,,", ["a"]),
        (r"C:\temp,\\", [r"C:\temp", "\\\\"]),
        ("a\\", ["a\\"]),
    ],
)
def test_commas_separate_and_a_backslash_keeps_one(words: str | list[str], items: list[str]) -> None:
    assert split_list(words) == items


def test_a_spec_from_options() -> None:
    flags = {"objectives": "a,b", "criteria": ["x"], "type": "meta-development", "dependencies": "st01-a,st02-b"}
    assert fields_for(Step.SPEC, flags=flags) == {
        "objectives": ["a", "b"],
        "acceptance_criteria": ["x"],
        "type": "Meta-Development",
        "dependencies": ["st01-a", "st02-b"],
    }


def test_a_source_that_is_an_address_is_a_web_source() -> None:
    assert fields_for(Step.RESEARCH, flags={"sources": "Lamport 1983,https://example.org/a"}) == {
        "primary_sources": [
            {"title": "Lamport 1983"},
            {"type": "web", "title": "https://example.org/a", "url": "https://example.org/a"},
        ]
    }


def test_hours_pair_with_the_tasks_in_their_order() -> None:
    flags = {"tasks": "One,Two", "hours": "4,6.5", "developers": "2", "hours_per_day": "6.0"}
    assert fields_for(Step.TASKS, flags=flags) == {
        "tasks": [
            {"id": "T001", "title": "One", "estimated_hours": 4},
            {"id": "T002", "title": "Two", "estimated_hours": 6.5},
        ],
        "resource_allocation": {"developers": 2, "hours_per_day": 6},
    }


def test_options_lie_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(
        "tasks: [{id: T007, title: Old}]\nresource_allocation: {developers: 3, hours_per_day: 5}\nquality_gates: [g]"
    )
    assert fields_for(Step.TASKS, flags={"hours": "4", "developers": "1"}, file=str(file)) == {
        "tasks": [{"id": "T007", "title": "Old", "estimated_hours": 4}],
        "resource_allocation": {"developers": 1, "hours_per_day": 5},
        "quality_gates": ["g"],
    }
    assert fields_for(Step.TASKS, flags={"tasks": "New"}, file=str(file))["tasks"] == [{"id": "T001", "title": "New"}]


def test_structured_options_are_judged_like_a_file() -> None:
    flags = {"alternatives": '[{"name": "A", "pros": ["fast"], "cons": []}]'}
    assert fields_for(Step.RESEARCH, flags=flags) == {"alternatives": [{"name": "A", "pros": ["fast"]}]}


@pytest.mark.parametrize(
    ("step", "flags", "words"),
    [
        ("spec", {"title": "a\nb"}, "--title must be one line."),
        ("spec", {"type": "Epic"}, "--type is one of Foundation"),
        ("spec", {"dependencies": "St 01"}, "--dependencies must be the id of a phase"),
        ("spec", {"objectives": "a\x1b[0m"}, "--objectives holds the character U+001B"),
        ("spec", {"objectives": "\udcff"}, "--objectives holds the character U+DCFF"),
        ("plan", {"components": "a,a"}, "--components holds 'a' twice."),
        ("plan", {"structure": "{"}, "--structure, line 1, column 2: not JSON"),
        ("plan", {"structure": "[" * 5000}, "--structure is nested more than 32 levels deep"),
        ("plan", {"structure": '{"dirs": []}'}, "--structure: file_structure has no field 'dirs'; did you mean"),
        ("tasks", {"hours": "4"}, "--hours belongs to tasks"),
        ("tasks", {"tasks": "a,b", "hours": "4"}, "--hours has 1 numbers for 2 tasks"),
        ("tasks", {"tasks": "a", "hours": "nan"}, "--hours takes numbers above 0"),
        ("tasks", {"developers": "1.5"}, "--developers takes a whole number"),
        ("tasks", {"hours_per_day": "25"}, "--hours-per-day takes up to 24"),
    ],
)
def test_a_refusal_names_the_option(step: str, flags: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        fields_for(Step(step), flags=flags)
    assert words in refused.value.message


@given(st.data(), st.sampled_from(STEPS))
def test_what_options_make_the_model_accepts_unchanged(data: st.DataObject, step: Step) -> None:
    flags = data.draw(st.fixed_dictionaries({}, optional={flag.name: VALUES for flag in FLAGS[step]}))
    try:
        fields = fields_for(step, flags=flags)
    except InvalidInput as refused:
        fields, message = {}, refused.message
        event("refused")
    else:
        message = ""
        event("accepted")
    assert message.isprintable()
    model = model_of(step).model_validate(fields)
    assert model.model_dump(mode="json", exclude_unset=True, by_alias=True) == fields
    json.dumps(fields).encode()


@pytest.mark.parametrize("step", STEPS)
def test_plain_options_load_no_heavy_module(step: Step) -> None:
    plain = {flag.name: "1" for flag in FLAGS[step] if flag.split is not Split.JSON and flag.name != "type"}
    code = (
        "import sys; from adapters.inputs import fields_for; from domain.steps import Step;"
        f"assert fields_for(Step({step.value!r}), flags={plain!r});"
        "print([m for m in ('pydantic', 'yaml', 'json', 'tomllib', 'jinja2', 'dataclasses') if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")

"""What a file may say, and how a file that says something else is refused."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.input_cleaning import DEPTH_LIMIT
from adapters.input_files import SIZE_LIMIT, read_text, source_of
from adapters.inputs import fields_for
from domain.errors import InvalidInput
from domain.steps import STEPS, Step

JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def refusal(text: str | bytes, *, step: Step = Step.SPEC) -> str:
    """Return the sentence that refuses this standard input."""
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(InvalidInput) as refused:
        fields_for(step, flags={}, file="-", stdin=io.BytesIO(data))
    return refused.value.message


def accepted(text: str, *, step: Step = Step.SPEC) -> dict[str, object]:
    return fields_for(step, flags={}, file="-", stdin=io.BytesIO(text.encode()))


def test_what_was_parsed_before_is_refused_for_its_depth_before_it_is_written() -> None:
    deep: object = 1
    for _ in range(DEPTH_LIMIT - 1):
        deep = [deep]
    assert source_of(deep, "The body").parsed() == deep
    with pytest.raises(InvalidInput, match=f"The body is nested more than {DEPTH_LIMIT} levels deep"):
        source_of({"a": deep}, "The body")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "title: Engine\nobjectives: [fast, safe]\n"),
        ("a.yml", "title: Engine\nobjectives:\n  - fast\n  - safe\n"),
        ("a.JSON", '{"title": "Engine", "objectives": ["fast", "safe"]}'),
        ("a.toml", 'title = "Engine"\nobjectives = ["fast", "safe"]\n'),
        ("a.json", '\ufeff{"title": " Engine\\n", "objectives": ["fast", "safe"], "risks": [], "type": null}'),
    ],
)
def test_the_three_formats_say_the_same(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    fields = fields_for(Step.SPEC, flags={}, file=str(tmp_path / name))
    assert fields == {"title": "Engine", "objectives": ["fast", "safe"]}


def test_standard_input_is_json_when_it_begins_with_a_brace_and_yaml_otherwise() -> None:
    assert accepted('  {"title": "A"}') == accepted("title: A") == {"title": "A"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("- a", "it is a list"),
        ("title: ''", "fills in no field"),
        ("objectives: &a [x]", "anchor &a is not allowed"),
        ("objectives: *a", "alias *a is not allowed"),
        ("objectives: !!python/object:os.system [x]", "tag tag:yaml.org,2002:python/object:os.system is not allowed"),
        ("objectives: ! [x]", "tag ! is not allowed"),
        ("title: a\ntitle: b", "line 2: the field 'title' is there twice"),
        ("1: a", "the field name 1 is not text"),
        ("? [a]\n: b", "the field name [] is not text"),
        ("title: a\n---\ntitle: b", "second document"),
        ("title: [a", "not YAML: did not find expected"),
        ("title: .nan", ".nan is no number"),
        ("title: 1e999", "inf, which is no number"),
        ("title: " + "9" * 40, "beyond"),
        ("title: \x1b[31mred", "line 1: holds the control character U+001B"),
        ('title: "\\e[31m"', "title holds the character U+001B"),
        ('{"title": "\\ud800"}', "title holds the character U+D800"),
        ('{"title": "a", "title": "b"}', "the field 'title' is there twice"),
        ('{"risks": [{"risk": NaN}]}', "NaN is no number"),
        ('{"title": -Infinity}', "-Infinity is no number"),
        ('{"title": ' + "9" * 5000 + "}", "too many digits"),
        ('{"title":\n nope}', "line 2, column 2: not JSON"),
        ("a: " + "[" * 40 + "]" * 40, "32 levels deep"),
        ('{"a":' * 50 + "1" + "}" * 50, "32 levels deep"),
        ('{"a":' * 100_000, "32 levels deep"),
        ('{"a":' + "[" * 100_000, "32 levels deep"),
        (b"title: \xff\xfe", "line 1: byte 0xFF is not UTF-8"),
        (b"a" * (SIZE_LIMIT + 1), "larger than 4 MiB"),
    ],
)
def test_what_is_no_plain_data_is_refused_with_its_place(text: str | bytes, words: str) -> None:
    message = refusal(text)
    assert words in message
    assert message.startswith("standard input")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title = nan", "is nan, which is no number"),
        ("a = " + "[" * 5000, "32 levels deep"),
        ("a." * 40 + "a = 1", "dotted key of more than 32 parts"),
        ("title = ", "not TOML"),
        ("title = 'a'\ntitle = 'b'", "not TOML: cannot overwrite a value"),
    ],
)
def test_toml_is_held_to_the_same_rules(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(InvalidInput, match=words):
        fields_for(Step.SPEC, flags={}, file=str(tmp_path / "a.toml"))


def test_a_long_word_in_toml_costs_no_time(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(f'title = "{"a" * 150}"\nobjectives = ["{"b" * 3_000_000}"]')
    assert fields_for(Step.SPEC, flags={}, file=str(tmp_path / "a.toml"))["title"] == "a" * 150


def test_days_stay_text_and_words_stay_words() -> None:
    fields = accepted(
        "primary_sources:\n- {title: no, year: 2011, accessed: 2026-11-24}\n- {title: 12:30:45}", step=Step.RESEARCH
    )
    assert fields == {
        "primary_sources": [{"title": "no", "year": 2011, "accessed": "2026-11-24"}, {"title": "12:30:45"}]
    }


def test_a_day_in_toml_is_the_same_text(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[[primary_sources]]\ntitle = "x"\naccessed = 2026-11-24\n')
    fields = fields_for(Step.RESEARCH, flags={}, file=str(tmp_path / "a.toml"))
    assert fields == {"primary_sources": [{"title": "x", "accessed": "2026-11-24"}]}


def test_a_comma_that_splits_a_text_in_braces_is_not_lost_in_silence() -> None:
    message = refusal("integration_points:\n- {from: a, to: b, type: ring (swap, meters)}", step=Step.PLAN)
    assert "integration_points[0] has no field 'meters)'" in message


@pytest.mark.parametrize("name", ["a.ini", "a", "yaml", ".yaml", "a.yaml.gz", ""])
def test_an_unknown_ending_is_refused_before_the_file_is_looked_at(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"ends in \.yaml, \.yml, \.json or \.toml"):
        read_text(name)


@pytest.mark.parametrize("name", ["missing.yaml", "folder.yaml", "no\0name.yaml", "new\nline.json", "\udcff.toml"])
def test_a_file_that_cannot_be_read_is_refused_by_its_name(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder.yaml").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInput) as refused:
        read_text(name)
    assert refused.value.message.isprintable()


def test_standard_input_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidInput, match="there is none here"):
        read_text("-", stdin=None)
    closed = io.BytesIO()
    closed.close()
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_text("-", stdin=closed)


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")), st.sampled_from(STEPS))
@example(b"? ? ? ?", Step.SPEC)
@example(b"a: |\n  \xe2\x80\xa8\n", Step.SPEC)
def test_bytes_are_fields_or_refused(data: bytes, step: Step) -> None:
    check(data, step)


@given(JSONS, st.sampled_from(STEPS))
def test_any_json_is_fields_or_refused(value: object, step: Step) -> None:
    check(json.dumps(value).encode(), step)


@given(st.data(), st.sampled_from(STEPS))
def test_known_names_with_wrong_values_are_fields_or_refused(data: st.DataObject, step: Step) -> None:
    from adapters.input_models import model_of

    names = sorted(model_of(step).model_fields)
    check(json.dumps(data.draw(st.dictionaries(st.sampled_from(names), JSONS, min_size=1))).encode(), step)


@given(st.text(), st.sampled_from(["yaml", "json", "toml"]))
def test_any_text_in_any_format_is_fields_or_refused(text: str, form: str) -> None:
    from adapters.input_cleaning import cleaned
    from adapters.input_files import parsed

    message = ""
    try:
        cleaned(parsed(text, form, "x"), "x")
    except InvalidInput as refused:
        message = refused.message
    assert message.isprintable()


def check(data: bytes, step: Step) -> None:
    """Fields that were accepted are canonical: read again, they are the same."""
    try:
        fields = fields_for(step, flags={}, file="-", stdin=io.BytesIO(data))
    except InvalidInput as refused:
        message = refused.message
    else:
        again = json.dumps(fields).encode()
        assert fields_for(step, flags={}, file="-", stdin=io.BytesIO(again)) == fields
        return
    assert message.isprintable() and message.endswith((".", "?"))


def test_a_mistake_is_named_with_its_line_but_not_where_an_option_made_it(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text("title: X\nrisks:\n  - risk: Noise\n    impact: huge\n")
    with pytest.raises(InvalidInput, match=r"spec\.yaml, line 4: risks\[0\]\.impact is one of"):
        fields_for(Step.SPEC, flags={}, file=str(file))
    file.write_text("title: X\nobjectivs: [a]\n")
    with pytest.raises(InvalidInput, match=r"line 2: spec has no field 'objectivs'"):
        fields_for(Step.SPEC, flags={"title": "Y"}, file=str(file))
    file.write_text("tasks: [{id: T001, title: One, dependencies: [T009]}]\n")
    with pytest.raises(InvalidInput, match=r"spec\.yaml: 'T001' depends on"):  # of the whole, so no line
        fields_for(Step.TASKS, flags={}, file=str(file))

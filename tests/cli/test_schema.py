"""orch schema: every schema by its name, and files held against it."""

import json
from pathlib import Path

import orjson
import pytest

from adapters import event_schemas, input_schemas
from cli import output_schemas
from domain.topics import TOPICS
from tests.adapters.test_written_events import name_of
from tests.adapters.written_examples import EXAMPLES, written
from tests.cli.conftest import Orch
from usecases.schemas import STATES, state_adapter_of


def test_names_are_unique_and_every_schema_is_shown(project: Orch) -> None:
    rows = project("schema", "list", "--json").data["rows"]
    names = [row["name"] for row in rows]
    assert len(names) == len(set(names))
    assert {row["of"] for row in rows} == {"input", "output", "event", "state"}
    for row in rows:
        schema = project("schema", "show", row["name"], "--json").data["schema"]
        assert f":{row['of']}:" in schema["$id"] or row["of"] == "input"


def test_the_published_files_are_what_the_code_says() -> None:
    for topic in TOPICS:
        assert (event_schemas.FOLDER / f"{topic}.json").read_text("utf-8") == event_schemas.written(topic), (
            "run python -m adapters.event_schemas"
        )
    assert {file.stem for file in event_schemas.FOLDER.iterdir()} == TOPICS.keys()
    for name in STATES:
        published = (output_schemas.STATE_FOLDER / f"{name}.json").read_text("utf-8")
        assert published == output_schemas.state_written(name), "run python -m cli.output_schemas"
    for name in input_schemas.NAMES:
        assert (input_schemas.FOLDER / f"{name}.json").read_text("utf-8") == input_schemas.written(name)


@pytest.mark.parametrize("event", EXAMPLES, ids=name_of)
def test_every_event_that_was_ever_written_is_as_its_schema_says(event: object) -> None:
    prepared = written(event)  # type: ignore[arg-type]  # an event
    payload = orjson.loads(prepared.payload) if prepared.payload else None
    whole = {"envelope": orjson.loads(prepared.envelope), "payload": payload}
    adapter = event_schemas.adapter_of(prepared.topic)
    adapter.validate_json(orjson.dumps(whole), strict=True)
    adapter.validate_json(orjson.dumps(whole | {"payload": None}), strict=True)  # erased
    whole["envelope"]["facts"]["unheard_of"] = 1
    with pytest.raises(ValueError, match="unheard_of"):
        adapter.validate_json(orjson.dumps(whole), strict=True)
    del whole["envelope"]["facts"]["unheard_of"], whole["envelope"]["stream"]
    with pytest.raises(ValueError, match="Field required"):
        adapter.validate_json(orjson.dumps(whole), strict=True)


def test_the_state_file_on_disk_has_every_field_of_its_schema_and_no_other(drafted: Orch) -> None:
    closed = state_adapter_of("phase-state", closed=True)
    file = Path("dev/st01-x/phase-state.json")
    closed.validate_json(file.read_bytes(), strict=True)
    for words in (
        ("approve", "st01-x", "spec", "--comments", "fine"),
        ("block", "st01-x", "no sound card"),
        ("unblock", "st01-x", "B1", "--reason", "arrived"),
    ):
        assert drafted(*words).status == 0
        closed.validate_json(file.read_bytes(), strict=True)
    state = json.loads(file.read_text())
    assert state["approvals"]["spec"] and state["blockers"][0]["resolved"]
    assert drafted("schema", "check", "phase-state", str(file)).status == 0
    with pytest.raises(ValueError, match="Extra inputs"):
        closed.validate_python(state | {"unheard_of": 1})


@pytest.mark.parametrize(
    ("name", "file", "text", "saying"),
    [
        ("spec", "a.yaml", "title: X\nobjectivs: [a]\n", "a.yaml, line 2: spec has no field 'objectivs'"),
        ("tasks", "a.json", '{"tasks": [\n{"id": "T1", "title": "x"}]}', "a.json, line 2: tasks[0].id must look"),
        ("workflow", "a.yaml", "spec:\n  type: Fun\n", "a.yaml, line 2: spec.type is one of"),
        ("version", "a.json", '{"ok": true,\n "kind": "verison", "version": 1, "data": {}}', "a.json, line 2: kind"),
        ("phase-state", "a.json", '{"phase": 1}', "a.json, line 1: phase"),
        ("phase.opened", "a.json", '{"envelope": {}, "payload": null}', "envelope.v"),
        ("spec", "a.yaml", "a: [", ": not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_field(
    project: Orch, name: str, file: str, text: str, saying: str
) -> None:
    Path(file).write_text(text)
    said = project("schema", "check", name, file, "--json")
    assert (said.status, said.error["code"]) == (2, "VALIDATION_ERROR")
    assert saying in said.error["message"], said.error["message"]


def test_what_the_program_says_is_as_its_own_schema_says(drafted: Orch) -> None:
    Path("a.json").write_text(drafted("status", "st01-x", "--json").out)
    told = drafted("schema", "check", "phase.status", "a.json", "--json").data
    assert told == {"name": "phase.status", "of": "output", "file": "a.json"}
    said = drafted("schema", "check", "phase.statsu", "a.json", "--json")
    assert said.status == 4 and "Did you mean phase.status?" in said.error["message"]


@pytest.mark.parametrize("name", ["spec", "phase.document_drafted", "phase-state", "phase.status"])
@pytest.mark.parametrize("value", ["9" * 100, '"\\ud800"', '{"\\udfff": 1}', "[" * 300 + "]" * 300, "1e400"])
def test_what_no_schema_foresaw_is_refused_in_words(name: str, value: str, project: Orch) -> None:
    """Numbers of any length, halves of characters, and a depth that another reader of JSON would not take."""
    Path("odd.json").write_text(f'{{"objectives": {value}}}')
    said = project("schema", "check", name, "odd.json", "--json")
    assert (said.status, said.error["code"]) == (2, "VALIDATION_ERROR")

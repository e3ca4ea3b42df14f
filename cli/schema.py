"""orch schema: the JSON Schemas of what goes in, comes out, and is kept."""

import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import orjson
import typer

from cli.answers import answer, write_json
from cli.lazy import Entry, LazyGroup
from cli.options import Asked, plain
from cli.screen import one_line, print_table
from domain.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from adapters.input_files import Source
    from cli.output_schemas import SchemaOf

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="A step, workflow, the kind of an answer, the topic of an event, or phase-state."
    ),
]
File = Annotated[str, typer.Argument(metavar="FILE", help="The file to check; - reads standard input.")]


class SchemaCommands(LazyGroup):
    """The JSON Schemas of what goes in, comes out, and is kept.

    Example: orch schema list
    """

    entries: ClassVar[dict[str, Entry]] = {
        "list": Entry("cli.schema:list_schemas", "The names of all schemas."),
        "show": Entry("cli.schema:show_schema", "Print one schema."),
        "check": Entry("cli.schema:check_schema", "Hold a file against a schema."),
        "write": Entry("cli.schema_folder:write_schemas", "Write all of them as files."),
        "compare": Entry("cli.schema_folder:compare_schemas", "Compare such files with this version."),
    }


@plain
def list_schemas(asked: Asked) -> None:
    """List the schemas: inputs of commands, answers by their kind, events by their topic, and the state file.

    Example: orch schema list

    Next: orch schema show spec
    """
    rows = [{"name": name, "of": of} for name, of in _all().items()]
    table = [(row["name"], row["of"]) for row in rows]
    answer("schema.list", {"rows": rows}, as_json=asked.json, show=lambda: print_table(table, head=("NAME", "OF")))


@plain
def show_schema(asked: Asked, name: Name) -> None:
    """Print one JSON Schema (draft 2020-12).

    Example: orch schema show spec

    Next: orch schema check NAME FILE
    """
    schema = _schema_of(name, _of(name))
    answer("schema", {"name": name, "schema": schema}, as_json=asked.json, show=lambda: write_json(schema))


@plain
def check_schema(asked: Asked, name: Name, file: File) -> None:
    """Hold a file against a schema: the fields of a step, an answer, an export, an event or a state file.

    The first mistake is named with its line and field (exit 2). Of inputs everything is judged, also what a schema
    cannot say: dependencies on unknown tasks, circles, names used twice.

    Example: orch schema check spec spec.yaml

    Next: orch schema show NAME
    """
    from adapters.input_files import read_text

    of = _of(name)
    source = read_text(file, stdin=sys.stdin.buffer, option="FILE")
    if of == "input":
        _judge_input(name, source)
    else:
        _judge_other(name, of, source)
    data = {"name": name, "of": of, "file": file}
    answer(
        "schema.check", data, as_json=asked.json, show=lambda: print(f"{one_line(source.name)} is as {name} has to be.")
    )


def _all() -> "dict[str, SchemaOf]":
    from adapters.event_schemas import NAMES as TOPICS
    from adapters.input_schemas import NAMES as INPUTS
    from cli.output_schemas import KINDS, STATES

    named: tuple[tuple[SchemaOf, Any], ...] = (
        ("input", INPUTS),
        ("output", KINDS),
        ("event", TOPICS),
        ("state", STATES),
    )
    return {name: of for of, names in named for name in names}


def _of(name: str) -> "SchemaOf":
    known = _all()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise NotFound(f"There is no schema {name[:60]!r}.{hint}", fix=("orch schema list",))
    return known[name]


def _schema_of(name: str, of: "SchemaOf") -> dict[str, object]:
    from adapters import event_schemas, input_schemas
    from cli import output_schemas

    match of:
        case "input":
            return input_schemas.schema_of(name)
        case "output":
            return output_schemas.schema_of(name)
        case "event":
            return event_schemas.schema_of(name)
        case "state":
            return output_schemas.state_schema_of(name)


def _judge_input(name: str, source: "Source") -> None:
    from adapters.input_cleaning import cleaned
    from adapters.input_judging import judge_by
    from adapters.input_lines import line_finder
    from adapters.input_schemas import model_named

    fields = cleaned(source.parsed(), source.name)
    fix = (f"orch schema show {name}",)
    judge_by(model_named(name), fields, source.name, top=name, fix=fix, line_of=line_finder(source.text, source.form))


def _judge_other(name: str, of: "SchemaOf", source: "Source") -> None:
    from pydantic import ValidationError

    from adapters.event_schemas import adapter_of as event_adapter_of
    from adapters.input_judging import path_of
    from adapters.input_lines import line_finder
    from cli.output_schemas import adapter_of, state_adapter_of

    adapters = {"output": adapter_of, "event": event_adapter_of, "state": state_adapter_of}
    try:
        adapters[of](name).validate_json(orjson.dumps(source.parsed()), strict=True)  # type: ignore[operator]  # each takes the name alone
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        line = line_finder(source.text, source.form)(problem["loc"])
        where = f"{source.name}, line {line}" if line else source.name
        place = path_of(problem["loc"])
        words = problem["msg"].removeprefix("Input ")
        raise InvalidInput(
            f"{where}: {place + ' ' if place else ''}{words[:1].lower()}{words[1:]}.", fix=(f"orch schema show {name}",)
        ) from None

"""orch schema: the JSON Schemas of what goes in, comes out, and is kept."""

import sys
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from cli.answers import answer, write_json
from cli.lazy import Entry, LazyGroup
from cli.options import Asked, plain
from cli.screen import one_line, print_table

if TYPE_CHECKING:
    from usecases.schemas import Schemas

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
    rows = _schemas().rows()
    table = [(row["name"], row["of"]) for row in rows]
    answer("schema.list", {"rows": rows}, as_json=asked.json, show=lambda: print_table(table, head=("NAME", "OF")))


@plain
def show_schema(asked: Asked, name: Name) -> None:
    """Print one JSON Schema (draft 2020-12).

    Example: orch schema show spec

    Next: orch schema check NAME FILE
    """
    schema = _schemas().schema(name)
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

    _schemas().of(name)  # before the file is read
    source = read_text(file, stdin=sys.stdin.buffer, option="FILE")
    of = _schemas().check(name, source)
    data = {"name": name, "of": of, "file": file}
    answer(
        "schema.check", data, as_json=asked.json, show=lambda: print(f"{one_line(source.name)} is as {name} has to be.")
    )


def _schemas() -> "Schemas":
    from cli.output_schemas import SCHEMAS

    return SCHEMAS

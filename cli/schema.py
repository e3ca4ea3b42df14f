"""orch schema: the JSON Schemas of what goes in and comes out."""

from typing import Annotated, ClassVar

import typer

from cli.answers import answer, write_json
from cli.lazy import Entry, LazyGroup
from cli.options import Asked, plain
from cli.screen import print_table
from domain.errors import NotFound
from domain.steps import STEPS, Step

Name = Annotated[str, typer.Argument(metavar="NAME", help="A step, or the kind of an answer such as phase.status.")]


class SchemaCommands(LazyGroup):
    """The JSON Schemas of what goes in and comes out."""

    entries: ClassVar[dict[str, Entry]] = {
        "list": Entry("cli.schema:list_schemas", "The names of all schemas."),
        "show": Entry("cli.schema:show_schema", "Print one schema."),
    }


@plain
def list_schemas(asked: Asked) -> None:
    """List the schemas: the fields of each step, and the answers of the commands by their kind.

    Next: orch schema show spec
    """
    from cli.output_schemas import KINDS

    rows = [{"name": step.value, "of": "input"} for step in STEPS] + [{"name": kind, "of": "output"} for kind in KINDS]
    table = [(row["name"], row["of"]) for row in rows]
    answer("schema.list", {"rows": rows}, as_json=asked.json, show=lambda: print_table(table, head=("NAME", "OF")))


@plain
def show_schema(asked: Asked, name: Name) -> None:
    """Print one JSON Schema (draft 2020-12).

    Next: orch spec PHASE --from spec.yaml
    """
    schema = _schema_of(name)
    answer("schema", {"name": name, "schema": schema}, as_json=asked.json, show=lambda: write_json(schema))


def _schema_of(name: str) -> dict[str, object]:
    from adapters.input_schemas import schema_of
    from cli.output_schemas import KINDS
    from cli.output_schemas import schema_of as output_schema_of

    if name in list(Step):
        return schema_of(Step(name))
    if name in KINDS:
        return output_schema_of(name)
    raise NotFound(f"There is no schema {name[:60]!r}.", fix=("orch schema list",))

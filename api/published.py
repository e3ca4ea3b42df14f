"""The templates of the documents, and the schemas of what goes in, comes out and is kept."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, Query
from fastapi import Path as InPath
from starlette.responses import Response

from adapters.input_files import source_of
from api.answering import answer
from api.asking import Present
from api.kinds import KINDS, OUTCOME
from api.outside import rows_outside
from api.parts import part
from usecases import answers
from usecases.schemas import Schemas
from usecases.templates import compared, template, templates, tried

SENTENCES = ("message", "unreadable")
"""What is said of a template in words, which may name a place."""
router = part(tags=["templates and schemas"])
TemplateName = Annotated[str, InPath(description="A step, or the name of a file.", examples=["spec"])]
SchemaName = Annotated[
    str, InPath(description="A step, workflow, a kind of answer, a topic or phase-state.", examples=["spec"])
]
MaybeName = Annotated[str | None, Query(description="A step, or the name of a file; otherwise all.")]
BuiltIn = Annotated[bool, Query(description="The program's, also where the project has its own.")]
Checked = Annotated[
    Any, Body(description="What is held against the schema.", examples=[{"objectives": ["Below 10 ms"]}])
]


@router.get("/templates", summary="Every template")
def list_templates(ask: Present) -> Response:
    """Return every template, and whether it is the project's own; `folder` is only its name."""
    found = templates(ask.project.places.templates)
    return answer(
        "template.list",
        {**found, "folder": Path(found["folder"]).name, "rows": rows_outside(found["rows"], ask.project, *SENTENCES)},
    )


@router.get("/templates/check", summary="Whether documents can be rendered")
def check_templates(ask: Present, name: MaybeName = None) -> Response:
    """Render documents with sample data; `ok` tells whether all of them could be. Nothing is recorded."""
    found = tried(ask.project.places.templates, name)
    return answer("template.check", {**found, "rows": rows_outside(found["rows"], ask.project, *SENTENCES)})


@router.get("/templates/{name}", summary="The text of a template")
def show_template(ask: Present, name: TemplateName, built_in: BuiltIn = False) -> Response:
    """Return a template as it is used for the next document."""
    known = template(ask.project.places.templates, name, built_in=built_in)
    (found,) = rows_outside([{**known}], ask.project, *SENTENCES)
    return answer("template", found)


@router.get("/templates/{name}/diff", summary="What the project's own one says differently")
def diff_template(ask: Present, name: TemplateName) -> Response:
    """Return the lines of a unified diff from the program's template to the project's."""
    return answer("template.diff", compared(ask.project.places.templates, name))


@router.get("/schemas", summary="The names of all schemas")
def list_schemas(ask: Present) -> Response:
    """Return the schemas of inputs, of the answers of this service, of events and of the state file."""
    del ask
    return answer("schema.list", {"rows": _schemas().rows()})


@router.get("/schemas/{name}", summary="One schema")
def show_schema(ask: Present, name: SchemaName) -> Response:
    """Return one JSON Schema (draft 2020-12)."""
    del ask
    return answer("schema", {"name": name, "schema": _schemas().schema(name)})


@router.post("/schemas/{name}/check", summary="Hold a document against a schema")
def check_schema(ask: Present, name: SchemaName, document: Checked) -> Response:
    """Name the first mistake with its field (400), also those that no schema can say; nothing is recorded."""
    del ask
    _schemas().of(name)
    source = source_of(document, "The body")
    return answer("schema.check", {"name": name, "of": _schemas().check(name, source), "file": source.name})


@cache
def _schemas() -> Schemas:
    return Schemas(dict(KINDS.values()) | {OUTCOME: answers.OutcomeAnswer})

"""Publish the fields of the five documents as JSON Schema: `python -m adapters.input_schemas` writes the files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.input_models import model_of
from domain.steps import STEPS, Step

if TYPE_CHECKING:
    from adapters.input_common import Part

FOLDER = Path(__file__).parent.parent / "docs" / "schemas" / "input"
VERSION = 1


WORKFLOW = "workflow"
NAMES = (*(step.value for step in STEPS), WORKFLOW)
"""The steps, and all of them in one file."""


def schema_of(name: str) -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of a step's fields, or of the file of a workflow.

    What a schema cannot say is judged all the same: dependencies on unknown tasks, circles, names used twice.
    """
    schema = model_named(name).model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:nss-orchestrator:schema:input:{name}:{VERSION}",
        **schema,
        "title": f"Fields of {name}",
    }


def model_named(name: str) -> "type[Part]":
    """Return the pydantic model of an input."""
    if name == WORKFLOW:
        from adapters.input_workflow import Workflow

        return Workflow
    return model_of(Step(name))


def written(name: str) -> str:
    """Return the text of a schema file."""
    return json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the schema files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        (FOLDER / f"{name}.json").write_text(written(name), encoding="utf-8")


if __name__ == "__main__":
    main()

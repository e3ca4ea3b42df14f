"""Publish the fields of the five documents as JSON Schema: `python -m adapters.input_schemas` writes the files."""

import json
from pathlib import Path

from adapters.input_models import model_of
from domain.steps import STEPS, Step

FOLDER = Path(__file__).parent.parent / "docs" / "schemas" / "input"
VERSION = 1


def schema_of(step: Step) -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of a step's fields.

    What a schema cannot say is judged all the same: dependencies on unknown tasks, circles, names used twice.
    """
    schema = model_of(step).model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:nss-orchestrator:schema:input:{step}:{VERSION}",
        **schema,
        "title": f"Fields of {step}",
    }


def written(step: Step) -> str:
    """Return the text of a step's schema file."""
    return json.dumps(schema_of(step), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the schema files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for step in STEPS:
        (FOLDER / f"{step}.json").write_text(written(step), encoding="utf-8")


if __name__ == "__main__":
    main()

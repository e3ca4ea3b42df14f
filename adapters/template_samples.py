"""Fields to try a template with: everything that a document can hold, each field once."""

from typing import Any

from domain.steps import Step


def sample(step: Step) -> dict[str, Any]:
    """Return fields of a step in canonical form, made from its schema: no field is missing, and all are valid."""
    from adapters.input_models import model_of

    schema = model_of(step).model_json_schema(by_alias=True)
    fields: dict[str, Any] = _sample(schema, schema.get("$defs", {}), step.value)
    if step is Step.TASKS:
        first, second = fields["tasks"][0], dict(fields["tasks"][0])
        del first["dependencies"]
        fields["tasks"] = [first, second | {"id": "T002", "dependencies": [first["id"]]}]
    if step is Step.PLAN:
        first, second = fields["implementation_phases"][0], dict(fields["implementation_phases"][0])
        del first["dependencies"]
        second |= {"name": "What comes then.", "dependencies": [first["name"]]}
        fields["implementation_phases"] = [first, second]
    return fields


def _sample(schema: dict[str, Any], known: dict[str, Any], name: str) -> Any:
    words = schema.get("description", name)
    if "$ref" in schema:
        return _sample(known[schema["$ref"].rpartition("/")[2]], known, name)
    if "anyOf" in schema:
        return _sample({"description": words, **schema["anyOf"][0]}, known, name)
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {key: _sample(inner, known, key) for key, inner in schema["properties"].items()}
        case "array":
            return [_sample({"description": words, **schema["items"]}, known, name)]
        case "integer":
            return schema.get("minimum", 1)
        case "number":
            return 4
        case _:
            return _text(schema, words)


def _text(schema: dict[str, Any], words: str) -> str:
    if schema.get("format") == "date":
        return "2026-11-24"
    pattern = schema.get("pattern", "")
    if pattern:
        return "T001" if pattern.startswith("^T") else "st00-basics"
    return words

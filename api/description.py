"""What the service says about itself: OpenAPI 3.1, made from the operations and from the published answers."""

from collections.abc import Mapping
from functools import cache
from threading import Lock
from typing import Any, TypeAlias

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from adapters.input_schemas import schema_of
from api.kinds import FILES, KINDS, ONLY_FILES, OUTCOME, READ_BY_POST, SAME_AS_JSON, TOLD_MEANWHILE
from api.problems import MEDIA_TYPE as PROBLEM
from api.problems import schema as problem_schema
from domain.steps import STEPS
from usecases import answers
from usecases.answer_shapes import enveloped

ROOT = "/api/v1"
MAKING = Lock()
"""Held while FastAPI builds: meanwhile it silences a warning for the whole process, which two cannot do."""
REFUSALS = {
    "400": "The words were wrong.",
    "401": "No token, or one that opens nothing.",
    "403": "The token lacks the scope.",
    "404": "It names something the log has never seen.",
    "429": "Too often; repeat after Retry-After.",
    "503": "Not available now, or too much at once; safe to repeat with the same Idempotency-Key after Retry-After.",
}
OF_WRITES = {
    "409": "Somebody was first; read again.",
    "412": "It is another version than If-Match says.",
    "422": "A rule says no; nothing was recorded.",
}
OF_BODIES = {"413": "The body is too large."}
SAYS_NO = {"422": "A rule says no."}
OF_RULES = dict.fromkeys(
    ("gate_by_digest", "gate_by_text", "package_of", "receipt", "create_backup", "recover", "rebuild"), SAYS_NO
)
"""What reads refuse by a rule, too."""
FILE = {
    "Content-Disposition": {"description": "The name of the file.", "schema": {"type": "string"}},
    "Repr-Digest": {"description": "Its SHA-256 (RFC 9530), where it is known before.", "schema": {"type": "string"}},
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "spec": {"objectives": ["Round trip below 10 ms"], "requirements": ["ALSA and JACK"]},
    "research": {"technical_foundation": "Known since 1960.", "recommended_approach": "A ring buffer"},
    "plan": {"architecture_overview": "One audio thread", "core_components": [{"name": "Ring buffer"}]},
    "prd": {"mvp_goal": "Sound without drop-outs", "success_metrics": ["0 drop-outs in an hour"]},
    "tasks": {"tasks": [{"id": "T001", "title": "Ring buffer", "estimated_hours": 4}]},
}
"""Fields of each document, enough to draft it."""
FOLLOWED = {
    "200": {
        "description": "Events, as they are recorded; `data` is a row of the history.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
MEANWHILE = "How far it is, where it takes longer than a moment; the last event has the answer."
Queries: TypeAlias = dict[tuple[str, str], dict[str, bool]]
"""By method and path: the names of parameters, and whether each may be given again."""
ETAG = {"ETag": {"description": "The version that If-Match may name.", "schema": {"type": "string"}}}


class Description:
    """The description of an application, made once, by whoever needs it first."""

    def __init__(self, app: FastAPI) -> None:
        self._app, self._guard = app, Lock()
        self._made: tuple[dict[str, Any], Queries] | None = None

    @property
    def whole(self) -> dict[str, Any]:
        """What is served as openapi.json."""
        return self._both()[0]

    @property
    def queries(self) -> Queries:
        """Which parameters each operation takes in its query."""
        return self._both()[1]

    def _both(self) -> tuple[dict[str, Any], Queries]:
        with self._guard:
            if self._made is None:
                whole = described(self._app)
                self._made = whole, queries_in(whole)
            return self._made


def described(app: FastAPI) -> dict[str, Any]:
    """Return the description of an application."""
    with MAKING:
        return _described(app)


def _described(app: FastAPI) -> dict[str, Any]:
    spec = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        summary="Phases of work from spec to handoff, with proof of who approved exactly which text, and when.",
        routes=app.routes,
    )
    schemas: dict[str, Any] = spec.setdefault("components", {}).setdefault("schemas", {})
    for made_by_framework in ("HTTPValidationError", "ValidationError"):
        schemas.pop(made_by_framework, None)
    schemas["Problem"] = problem_schema()
    for step in STEPS:
        schemas |= _hoisted(f"{step.value.capitalize()}Fields", schema_of(step), schemas)
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            if path.startswith(ROOT):
                _describe(operation, schemas, method)
    return spec


def queries_in(spec: Mapping[str, Any]) -> Queries:
    """Return which parameters each operation takes in its query, by method and path."""
    return {
        (method, path): {
            each["name"]: _is_list(each["schema"]) for each in operation.get("parameters", ()) if each["in"] == "query"
        }
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    }


def _is_list(schema: Mapping[str, Any]) -> bool:
    return any(each.get("type") == "array" for each in (schema, *schema.get("anyOf", ())))


def _describe(operation: dict[str, Any], schemas: dict[str, Any], method: str) -> None:
    name = operation["operationId"]
    if name == "follow":
        operation["responses"] = FOLLOWED
        return
    has_body = method != "get"
    is_write = has_body and name not in READ_BY_POST
    kind, shape = KINDS.get(name, (OUTCOME, answers.OutcomeAnswer))
    component = "".join(part.capitalize() for part in kind.split(".")) + "Answer"
    if component not in schemas:
        schemas |= _hoisted(component, _schema_of(kind, shape), schemas)
    ok: dict[str, Any] = operation["responses"]["200"]
    ok["description"] = (shape.__doc__ or "").partition("\n")[0]
    ok["content"] = {"application/json": {"schema": {"$ref": f"#/components/schemas/{component}"}}}
    if name in ONLY_FILES:
        ok["content"] = {}
        ok["description"] = "The file."
    for media in FILES.get(name, ()):
        same = media in SAME_AS_JSON
        ok["content"][media] = {"schema": {"$ref": f"#/components/schemas/{component}"} if same else {"type": "string"}}
        ok["headers"] = FILE
    if name in TOLD_MEANWHILE:
        ok["content"]["text/event-stream"] = {"schema": {"type": "string", "description": MEANWHILE}}
    if is_write or kind in ("phase.status", "phase.document", "policy", "role.list"):
        ok["headers"] = ETAG
    refusals = REFUSALS | (OF_WRITES if is_write else {}) | (OF_BODIES if has_body else {}) | OF_RULES.get(name, {})
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    operation["responses"] = {"200": ok} | {
        status: {"description": words, "content": content} for status, words in refusals.items()
    }
    step = name.removeprefix("draft_")
    if step in EXAMPLES:
        body = {"schema": {"$ref": f"#/components/schemas/{step.capitalize()}Fields"}, "example": EXAMPLES[step]}
        operation["requestBody"]["content"]["application/json"] = body


@cache
def _schema_of(kind: str, shape: Any) -> dict[str, Any]:
    return TypeAdapter(enveloped(kind, shape, closed=False)).json_schema(mode="serialization")


def _hoisted(name: str, schema: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema and the parts it defines as components; references lead there.

    A part whose name another one has already, with another meaning, is named after the whole, too.
    """
    defined: Mapping[str, Any] = schema.get("$defs", {})
    names = {each: f"{name}Data" if each == name else each for each in defined}
    while taken := [
        each for each in defined if names[each] in known and known[names[each]] != _led(defined[each], names)
    ]:
        names |= {each: f"{name}{names[each]}" for each in taken}
    parts = {names[each]: _led(part, names) for each, part in defined.items()}
    whole = {key: value for key, value in schema.items() if key not in ("$defs", "$id", "$schema")}
    return {**parts, name: {**_led(whole, names), "title": name}}


def _led(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _place(each, names) if key == "$ref" else _led(each, names) for key, each in value.items()}
    return [_led(each, names) for each in value] if isinstance(value, list) else value


def _place(reference: str, names: Mapping[str, str]) -> str:
    return f"#/components/schemas/{names[reference.removeprefix('#/$defs/')]}"

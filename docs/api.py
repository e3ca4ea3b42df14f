"""Write API.md from the description that the service gives of itself: `python -m docs.api`."""

from collections.abc import Iterator
from json import dumps
from pathlib import Path
from typing import Any

from api.app import application
from api.description import ROOT
from api.service import Service
from domain.access_token import Scope

PAGE = Path(__file__).parents[1] / "API.md"
OPEN = "nobody: no token is asked for"
HEAD = """\
# API

The HTTP service, `orch serve`, answers what the command line answers: the same rules, the same data, the same codes.
[The introduction](docs/api.md) says who may ask, how repeating is safe, how the log is followed and where it listens;
this page lists every operation. It is made from the service's own description (OpenAPI 3.1,
`GET /api/v1/openapi.json`) by `python -m docs.api`, and `python -m docs.check` holds that both agree. What a code
means: [TROUBLESHOOTING](TROUBLESHOOTING.md).

```bash
TOKEN=$(orch token create grace --scope read --scope write --scope approve)     # the secret, shown this once
orch serve                                                                      # http://127.0.0.1:8420, until SIGTERM
curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8420/api/v1/phases/st01-audio-engine
```

Every answer that went well is `{"ok": true, "kind": …, "version": 1, "data": …}`; the schemas of `data` are in
[docs/schemas/output](docs/schemas/output). Every refusal is `application/problem+json` with `type`, `title`, `status`,
`detail`, `code` and `fix`.
"""


def page() -> str:
    """Return the whole page."""
    spec = description()
    return "\n".join([HEAD, *_by_scope(spec), *_operations(spec)])


def description() -> dict[str, Any]:
    """Return what the service says of itself; no log is asked for that."""
    nobody: Any = None
    found: dict[str, Any] = application(Service(*[nobody] * len(Service._fields))).openapi()
    return found


def _by_scope(spec: dict[str, Any]) -> Iterator[str]:
    """Yield which operations each scope opens."""
    yield "## Which scope opens what\n"
    yield "| scope | operations |\n|---|---|"
    found: dict[str, list[str]] = {scope.value: [] for scope in Scope}
    for method, path, operation in _each(spec):
        if scope := _scope(operation):
            found[scope].append(f"`{method.upper()} {path.removeprefix(ROOT)}`")
    for scope_name, names in found.items():
        yield f"| `{scope_name}` | {', '.join(names)} |"
    yield ""


def _operations(spec: dict[str, Any]) -> Iterator[str]:
    """Yield every operation, the paths in the order that they have in the description."""
    yield "## Operations\n"
    for method, path, operation in _each(spec):
        yield f"### {method.upper()} {path}\n"
        yield f"{operation.get('summary', '')}. {_plain(operation.get('description', ''))}\n"
        yield f"Opened by: {_opened_by(operation)}.\n"
        rows = list(_parameters(operation))
        if rows:
            yield "| parameter | in | what |\n|---|---|---|"
            yield from rows
            yield ""
        yield from _body(operation, spec)
        yield f"Answers: {'; '.join(_answers(operation))}.\n"


def _each(spec: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _scope(operation: dict[str, Any]) -> str | None:
    for each in operation.get("security", ()):
        for scopes in each.values():
            return str(scopes[0]) if scopes else None
    return None


def _opened_by(operation: dict[str, Any]) -> str:
    scope = _scope(operation)
    if scope is None and operation.get("security"):
        raise LookupError(f"{operation['operationId']} asks for a token and does not say with which scope.")
    return OPEN if scope is None else f"a token with `{scope}`"


def _parameters(operation: dict[str, Any]) -> Iterator[str]:
    for each in operation.get("parameters", ()):
        need = "" if each.get("required") else ", if wanted"
        yield f"| `{each['name']}` | {each['in']}{need} | {_plain(each.get('description', ''))} |"


def _body(operation: dict[str, Any], spec: dict[str, Any]) -> Iterator[str]:
    """Yield what the body is: its schema, and an example where there is one."""
    body = operation.get("requestBody", {})
    content = body.get("content", {}).get("application/json")
    if content is None:
        return
    name, known = named(content.get("schema", {}), spec)
    fields = ", ".join(
        f"`{field}`{'' if field in known.get('required', ()) else '?'}" for field in known.get("properties", {})
    )
    yield f"Body{'' if body.get('required') else ', if wanted'}: {name}{f' with {fields}' if fields else ''}.\n"
    if example := example_of(content, known):
        yield f"```json\n{dumps(example, ensure_ascii=False)}\n```\n"


def named(schema: dict[str, Any], spec: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name of a body's schema, and the schema itself."""
    for each in (schema, *schema.get("anyOf", ())):
        if place := each.get("$ref"):
            name = place.rpartition("/")[2]
            return f"`{name}`", spec["components"]["schemas"].get(name, {})
    return "a JSON object", schema


def example_of(content: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Return the example of a body, or one that is made of the examples that required fields have."""
    fields = known.get("properties", {})
    if said := content.get("example"):
        return dict(said)
    return {name: fields[name]["examples"][0] for name in known.get("required", ()) if fields[name].get("examples")}


def _answers(operation: dict[str, Any]) -> Iterator[str]:
    for status, answer in operation.get("responses", {}).items():
        yield f"{status} {_plain(answer.get('description', '')).rstrip('.')}"


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

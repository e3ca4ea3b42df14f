"""Whatever is sent to any operation: an answer or a problem document, never a bug; what is refused records nothing."""

import json
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from api.app import application
from api.description import ROOT
from api.service import Service
from tests.api.served import Client
from tests.api.test_identity import ENDLESS
from usecases.project import Project

NOTHING: Any = None
DESCRIPTION = application(Service(*[NOTHING] * 7)).openapi()
STATUSES = {200, 400, 404, 405, 408, 409, 412, 413, 415, 421, 422}
"""What may come back from a store that is well: no 500 and no 503."""
WORDS = st.text(st.characters(codec="utf-8"), max_size=30)
NAMES = st.sampled_from(("st01-x", "spec", "tasks", "T001", "B1", "1", "..", "%00", "a b", "0b8f3a52c1d2", "9" * 30))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
MOMENTS = st.sampled_from(
    ("position:1", "position:0", "position:99999999999", "2026-11-24T14:00:00Z", "point:x", "now")
)


def shaped(schema: dict[str, Any], parts: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return values that look like what a schema asks for, mostly."""
    if "$ref" in schema:
        return shaped(parts[schema["$ref"].rpartition("/")[2]], parts)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of([shaped(each, parts) for each in schema["anyOf"]])
    match schema.get("type"):
        case "object":
            fields = {name: shaped(each, parts) for name, each in schema.get("properties", {}).items()}
            return st.fixed_dictionaries({}, optional={name: each | JSON for name, each in fields.items()})
        case "array":
            return st.lists(shaped(schema.get("items", {}), parts), max_size=3)
        case "integer":
            return st.integers(-1, 400)
        case "boolean":
            return st.booleans()
        case _:
            return WORDS | NAMES


@st.composite
def requests(draw: st.DrawFn, description: dict[str, Any]) -> tuple[str, str, Any, dict[str, str]]:
    """Draw a request for one of the operations that are described."""
    path = draw(st.sampled_from([path for path in description["paths"] if path.startswith(ROOT)]))
    method = draw(st.sampled_from(list(description["paths"][path])))
    operation = description["paths"][path][method]
    place = path.removeprefix(ROOT)
    query = []
    for parameter in operation.get("parameters", ()):
        name, where = parameter["name"], parameter["in"]
        value = draw(NAMES | WORDS.filter(bool))
        if where == "path":
            place = place.replace(f"{{{name}}}", quote(value, safe=""))
        elif where == "query" and draw(st.booleans()):
            query.append(f"{name}={quote(draw(MOMENTS) if name == 'at' else value)}")
    if path in ENDLESS:
        query = [ENDLESS[path].removeprefix("?")]
    headers = {"Idempotency_Key": draw(NAMES)} if draw(st.integers(0, 9)) == 0 else {}
    body = None
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        body = draw(shaped(schema, description["components"]["schemas"]) | JSON)
    return method.upper(), place + ("?" + "&".join(query) if query else ""), body, headers


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=(Phase.explicit, Phase.generate),
)
@given(request=requests(DESCRIPTION))
def test_nothing_that_is_asked_is_a_bug(
    request: tuple[str, str, Any, dict[str, str]], client: Client, served_project: Project
) -> None:
    method, path, body, headers = request
    before = served_project.log.moment().position
    sent = None if body is None else json.dumps(body).encode()
    reply = client(method, path, sent, **headers)
    assert reply.status in STATUSES, (reply.status, reply.body)
    if reply.status == 200 and reply.headers["content-type"] != "application/json":
        assert reply.body, "a file"
    elif reply.status == 200:
        assert reply.json["ok"] is True
    else:
        assert reply.code and str(served_project.places.root) not in reply.body.decode()
        assert served_project.log.moment().position == before

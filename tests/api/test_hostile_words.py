"""In the place of every word what words should not be: an answer or a refusal, and no trace of it in the log.

The short form takes one in twenty of these requests; `RELIABILITY=long` takes all of them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from api.description import ROOT
from domain.access_token import Scope
from tests.api.served import Client, issued
from tests.api.test_garbage import DESCRIPTION, STATUSES
from tests.api.test_identity import ENDLESS, PLACES
from tests.reliability.ledger import LONG
from usecases.project import Project

CANARY = "c4n4ry"
NUMBERS = (-(10**30), -(2**63) - 1, -(2**63), -1, 0, 1, 2**31, 2**53, 2**63 - 1, 2**63, 10**30, 10**300)
TEXTS = (
    f"{CANARY}\x00",
    f"{CANARY}\r\nX-Injected: {CANARY}",
    f'{CANARY}"\n{{"level":"error"}}',
    f"../../../../etc/{CANARY}",
    f"/etc/{CANARY}",
    f"{CANARY}\x1b[2J\x9b31m",
    f"{CANARY}\u202e\u2028\ufeff",
    f"'; DROP TABLE events; --{CANARY}",
    f"{{{{ 7 * '{CANARY}' }}}}{{% include '/etc/passwd' %}}",
    f"${{jndi:ldap://{CANARY}}}%s%n",
    f"checkpoint:/etc/{CANARY}",
    f"{CANARY}" * 200,
    "9" * 5000,
    "position:" + "9" * 5000,
    "position:-1",
    "T" + "9" * 5000,
    "9999-12-31T23:59:59.999999-23:59",
    "0001-01-01T00:00:00+23:59",
    "\u0664\u00b2",
    "\U0001f4a5",
    "-",
    "*",
    "%",
    '"',
)
Asked = tuple[str, str, Any]


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DESCRIPTION["paths"].items():
        if path.startswith(ROOT):
            for method, operation in methods.items():
                yield method.upper(), path, operation


def asked_of(method: str, path: str, operation: dict[str, Any]) -> Iterator[Asked]:
    """Yield requests of one operation, each with one hostile word in it."""
    place = path.removeprefix(ROOT)
    body = _body_of(operation)
    ends = ENDLESS.get(path, "?").removeprefix("?")
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        for word in (*TEXTS, *map(str, NUMBERS)):
            said = quote(word, safe="")
            if parameter["in"] == "path":
                others = {other: known for other, known in PLACES.items() if other != name}
                yield method, place.format(**others, **{name: said}) + (f"?{ends}" if ends else ""), body
            elif parameter["in"] == "query" and not (ends and name == "at"):
                yield method, place.format(**PLACES) + f"?{name}={said}" + (f"&{ends}" if ends else ""), body
    for other in _others(body):
        yield method, place.format(**PLACES), other


def _body_of(operation: dict[str, Any]) -> Any:
    if "requestBody" not in operation:
        return None
    said = operation["requestBody"]["content"]["application/json"]
    return said["example"] if "example" in said else _example(said["schema"])


def _example(schema: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _example(DESCRIPTION["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("default") is not None:
        return schema["default"]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: _example(each) for name, each in schema.get("properties", {}).items()}
        case "array":
            return [_example(schema.get("items", {}))]
        case "integer":
            return 1
        case "boolean":
            return False
        case _:
            return "x"


def _others(body: Any) -> Iterator[Any]:
    """Yield a body with one hostile word in the place of each value."""
    match body:
        case dict():
            for name, value in body.items():
                for other in _others(value):
                    yield {**body, name: other}
        case list():
            for place, value in enumerate(body):
                for other in _others(value):
                    yield [*body[:place], other, *body[place + 1 :]]
        case None:
            return
        case _:
            yield from TEXTS
            yield from NUMBERS
            yield from (True, None, 1.5, [], {}, [[]], {"a": {}})


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [pytest.param(*each, id=each[2]["operationId"]) for each in operations()],
)
def test_no_word_is_more_than_a_word(
    method: str, path: str, operation: dict[str, Any], client: Client, served_project: Project
) -> None:
    for _, place, body in list(asked_of(method, path, operation))[:: 1 if LONG else 20]:
        before = served_project.log.moment().position
        reply = client(method, place, None if body is None else _json(body))
        said = (place, body, reply.status, reply.body[:300])
        assert reply.status in STATUSES, said
        assert "x-injected" not in reply.headers, said
        assert not any(CANARY in value and "\n" in value for value in reply.headers.values()), said
        assert str(served_project.places.root).encode() not in reply.body, said
        if reply.status != 200:
            assert reply.code and served_project.log.moment().position == before, said


def test_none_of_it_reached_the_logs(client: Client, served_project: Project) -> None:
    """Runs after the others, and says something itself, so that it does not depend on them."""
    client.get(f"/phases/{CANARY}%0a?{CANARY}=1", X_Request_Id=f"{CANARY} \x01", User_Agent=CANARY)
    client.shows(f"orch_{CANARY}").get(f"/{CANARY}", Referer=CANARY, Idempotency_Key=CANARY)
    from tests.api.served import until_it_answers

    until_it_answers(client)
    folder = served_project.places.state / "logs"
    lines = _lines(folder / "combined.log")
    assert len(lines) > 2 and all(orjson.loads(line)["event"] for line in lines)
    assert CANARY.encode() not in b"".join(lines)


def test_nothing_of_it_can_be_shown_raw(client: Client, served_project: Project) -> None:
    """What is recorded may hold marks and controls, if anything may: no answer and no file says them raw."""
    for path in ("/phases", "/audit/trail", "/context?level=4", f"/search?q={CANARY}"):
        body = client.get(path).body
        assert b"\x1b" not in body and b"\x00" not in body and b"\r" not in body, path
    for file in (served_project.places.root / "dev").rglob("*"):
        if file.is_file():
            assert b"\x1b" not in file.read_bytes() and b"\x00" not in file.read_bytes(), file


def test_scopes_hold_for_all_of_it(client: Client, served_project: Project) -> None:
    nobody = client.shows(issued(served_project, Scope.METRICS))
    for method, path, operation in operations():
        for _, place, body in list(asked_of(method, path, operation))[::40]:
            reply = nobody(method, place, None if body is None else _json(body))
            assert reply.status in (400, 403, 404, 405) and b'"ok":true' not in reply.body, (place, reply.body)


def _json(body: Any) -> bytes:
    import json

    return json.dumps(body).encode()


def _lines(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines()

"""Bodies: JSON in UTF-8 that can be read in one way, within what all of them together may take."""

import gzip
import socket
from contextlib import ExitStack
from time import monotonic, sleep

import pytest

from api import server
from api.received import Bodies
from domain.access_token import Scope
from tests.api.served import PATIENCE, Client, issued, served, until
from usecases.project import Project

SPEC = {"objectives": ["Round trip below 10 ms"]}
PATH = "/phases/st53-json/spec"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"objectives": ["a"], "objectives": ["b"]}', "twice"),
        (b'{"objectives": ["a"], "risks": [{"risk": "a", "risk": "b"}]}', "twice"),
        (b'{"objectives": ["a"], "objectives\\u0000": ["b"]}', ""),
        (b'{"objectives": [NaN]}', "no number"),
        (b'{"objectives": [Infinity]}', "no number"),
        (b'{"objectives": [-Infinity]}', "no number"),
        (b'{"objectives": [%s]}' % (b"9" * 5000), "too many digits"),
        (b'{"objectives": [%s]}' % (b"9" * 4000), ""),
        (b'{"objectives": [1e999]}', ""),
        (b'{"objectives": ["a"]} {}', "not JSON"),
        (b'{"objectives": ["a"],}', "not JSON"),
        (b'{"objectives": ["\x01"]}', "not JSON"),
        (b'{"objectives": ["\\ud800"]}', ""),
        (b'{"objectives": ["\\u0000"]}', ""),
        (b'{"\\ud800": 1}', ""),
        (b'{"objectives": ["\xc3\x28"]}', "not UTF-8"),
        (b'{"objectives": ["\xed\xa0\x80"]}', "not UTF-8"),
        (b'{"objectives": ["\xc0\xaf"]}', "not UTF-8"),
        ('{"objectives": ["a"]}'.encode("utf-16"), "UTF-8"),
        ('{"objectives": ["a"]}'.encode("utf-16-le"), "not JSON"),
        ('{"objectives": ["a"]}'.encode("utf-32"), "UTF-8"),
        (b"\x00" * 100, "not JSON"),
        (b" ", "not JSON"),
        (b"[" * 10_000 + b"]" * 10_000, "nested"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "nested"),
        (b'{"objectives": ' + b"[" * 500 + b"]" * 500 + b"}", ""),
        (b'{"objectives": ' + b"[" * 40 + b'"a"' + b"]" * 40 + b"}", ""),
        (b"null", ""),
        (b"1", ""),
    ],
)
def test_what_can_be_read_in_two_ways_or_none_is_refused(
    body: bytes, said: str, client: Client, served_project: Project
) -> None:
    before = served_project.log.moment().position
    for path in (PATH, "/policy", "/phases/st53-json/workflow", "/schemas/spec/check", "/schemas/phase.drafted/check"):
        reply = client.post(path, body)
        if "schemas/phase" in path and reply.status == 404:
            continue
        assert (reply.status, reply.code) == (400, "VALIDATION_ERROR"), (path, reply.body)
        assert said in reply.json["detail"], reply.json
        reply.body.decode()
    assert served_project.log.moment().position == before


@pytest.mark.parametrize("name", ["spec", "tasks", "workflow", "phase-state", "phase.status", "phase.document_drafted"])
@pytest.mark.parametrize(
    "body",
    [
        b'{"objectives": [%s]}' % (b"9" * 100),
        b'{"objectives": %s}' % (b"9" * 4000),
        b'{"objectives": ["\\ud800"]}',
        b'{"\\udfff": {"a": "\\ud83d\\ude00"}}',
        b'{"objectives": ' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"objectives": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"objectives": 1e400}',
    ],
)
def test_a_document_that_is_only_held_against_a_schema_may_hold_anything(
    name: str, body: bytes, client: Client
) -> None:
    reply = client.post(f"/schemas/{name}/check", body)
    assert (reply.status, reply.code) == (400, "VALIDATION_ERROR"), reply.body


def test_utf_8_may_begin_with_its_mark(client: Client) -> None:
    assert client.post(PATH, b"\xef\xbb\xbf" + b'{"objectives": ["\xf0\x9f\x92\xa5 \\ud83d\\ude00"]}').status == 200


@pytest.mark.parametrize(
    "type_",
    [
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/json;charset=utf-16",
        "application/json ; a=b",
    ],
)
def test_json_is_utf_8_whatever_its_type_adds(type_: str, client: Client) -> None:
    key = type_.replace(" ", "")
    assert client.post("/phases/st54-type/spec", {"objectives": [key]}, Content_Type=type_).status == 200


@pytest.mark.parametrize(
    "type_",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json-patch+json",
        "application/jsonx",
        "text/json",
        "application/problem+json",
        "",
        ";application/json",
        "application/xml, application/json",
    ],
)
def test_a_form_of_another_page_is_refused(type_: str, client: Client, served_project: Project) -> None:
    before = served_project.log.moment().position
    reply = client.post(PATH, SPEC, Content_Type=type_, Origin="https://evil.example.org")
    assert (reply.status, reply.code) == (415, "NOT_JSON")
    assert served_project.log.moment().position == before


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "gzip, identity"])
def test_a_packed_body_is_refused_before_anything_is_unpacked(encoding: str, client: Client) -> None:
    reply = client.post(PATH, gzip.compress(b" " * 1000), Content_Encoding=encoding)
    assert (reply.status, reply.code) == (415, "NOT_JSON") and "Content-Encoding" in reply.json["detail"]
    assert client.post("/phases/st55-as-is/spec", SPEC, Content_Encoding="identity").status == 200


def test_large_bodies_take_no_more_memory_than_there_is_for_them(
    served_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody may send them, without a token; small ones go on being read."""
    monkeypatch.setattr(server, "Bodies", lambda capacity: Bodies(capacity, most=1_000_000))
    with served(served_project) as anybody, ExitStack() as stack:
        client, sent = anybody.shows(issued(served_project)), b" " * 400_000
        for _ in range(2):
            holds = stack.enter_context(socket.create_connection(("127.0.0.1", anybody.port), timeout=PATIENCE))
            head = "POST /api/v1/policy HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            holds.sendall(f"{head}Content-Length: 400001\r\n\r\n".encode() + sent)
        large = b'{"objectives": ["a"]' + b" " * 700_000 + b"}"
        ends = monotonic() + PATIENCE
        while (refused := client.post("/phases/st56-large/spec", large)).status == 200 and monotonic() < ends:
            sleep(0.05)
        assert (refused.status, refused.code) == (503, "MEMORY_LIMIT") and refused.headers["retry-after"]
        assert client.post("/phases/st56-large/spec", {"objectives": ["small"]}).status == 200
        stack.close()
        until(lambda: client.post("/phases/st56-large/spec", large).status == 200)


def test_room_for_bodies_is_given_back_whatever_becomes_of_them(
    served_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Bodies] = []

    def noted(capacity: object) -> Bodies:
        made.append(Bodies(capacity))  # type: ignore[arg-type]  # what the server gives
        return made[-1]

    monkeypatch.setattr(server, "Bodies", noted)
    with served(served_project) as anybody:
        client = anybody.shows(issued(served_project, Scope.READ))
        for body in (b"{" + b" " * 100_000, b'{"x": "%s"}' % (b"a" * 100_000), b"\xff" * 100_000):
            assert client.post(PATH, body).status in (400, 403)
            assert anybody.post(PATH, body).status in (400, 401)
        (bodies,) = made
        until(lambda: bodies.held == 0)  # the answer is there a moment before

"""Requests that two readers could take for different things: each has one meaning here, or is refused."""

import socket
from collections.abc import Iterator
from contextlib import closing, suppress

import orjson
import pytest

from domain.access_token import Scope
from tests.api.served import Client, issued
from usecases.project import Project

SPEC = b'{"objectives": ["Round trip below 10 ms"]}'


class Raw:
    """Says bytes to the service, and reads what it answers until it closes."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __call__(self, *parts: bytes, half_close: bool = False) -> bytes:
        with closing(socket.create_connection(("127.0.0.1", self.client.port), timeout=10)) as connection:
            for part in parts:
                connection.sendall(part)
            said = b""
            with suppress(OSError):
                while more := connection.recv(65536):
                    said += more
            return said

    def request(self, line: str, *headers: str, body: bytes = b"", token: str | None = None) -> bytes:
        """Ask once, over a connection that ends then."""
        shown = token or self.client.token
        head = [line, "Host: localhost", "Connection: close", f"Authorization: Bearer {shown}", *headers]
        return self("\r\n".join([*head, "", ""]).encode("latin-1") + body)


def status(said: bytes) -> int:
    return int(said.split(b" ", 2)[1])


def code(said: bytes) -> str:
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, said
    return str(orjson.loads(body)["code"])


@pytest.fixture
def raw(client: Client) -> Raw:
    return Raw(client)


@pytest.fixture
def nothing_recorded(served_project: Project) -> Iterator[None]:
    before = served_project.log.moment().position
    yield
    assert served_project.log.moment().position == before


JSON = "Content-Type: application/json"
LENGTH = f"Content-Length: {len(SPEC)}"
DRAFT = "POST /api/v1/phases/st50-x/spec HTTP/1.1"


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize(
    "twice",
    [
        ("Authorization: Bearer orch_0b8f3a52c1d2_" + "a" * 43,),
        ("Idempotency-Key: one", "Idempotency-Key: other"),
        ("Idempotency-Key: one", "idempotency-key: one"),
        ('If-Match: "0"', 'If-Match: "1"'),
        ("Content-Type: text/plain",),
    ],
)
def test_a_header_that_says_one_thing_is_there_once(twice: tuple[str, ...], raw: Raw) -> None:
    said = raw.request(DRAFT, JSON, LENGTH, *twice, body=SPEC)
    assert (status(said), code(said)) == (400, "VALIDATION_ERROR") and b"times" in said


@pytest.mark.usefixtures("nothing_recorded")
def test_a_body_has_one_length(raw: Raw) -> None:
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(SPEC), SPEC)
    both = raw.request(DRAFT, JSON, LENGTH, "Transfer-Encoding: chunked", body=chunked)
    assert (status(both), code(both)) == (400, "VALIDATION_ERROR")
    for wrong in (
        ("Transfer-Encoding: gzip, chunked",),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
        ("Content-Length: 3", "Content-Length: 4"),
        ("Content-Length: +3",),
        ("Content-Length: -3",),
        ("Content-Length: 3e1",),
        ("Content-Length: " + "9" * 5000,),
        ("Content-Length : 3",),
    ):
        assert status(raw.request(DRAFT, JSON, *wrong, body=chunked)) == 400, wrong


def test_a_request_behind_another_is_answered_by_itself(raw: Raw, client: Client) -> None:
    one = (
        f"GET /api/v1/phases HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {client.token}\r\n\r\n"
        "GET /api/v1/phases HTTP/1.1\r\nHost: localhost\r\n\r\n"
        f"POST /api/v1/phases/st51-x/spec HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {client.token}\r\n"
        f"{JSON}\r\n{LENGTH}\r\n\r\n{SPEC.decode()}"
        "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    said = raw(one.encode())
    assert [int(part[:3]) for part in said.split(b"HTTP/1.1 ")[1:]] == [200, 401, 200, 200]


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize(
    "line",
    [
        "GET //api/v1/tokens HTTP/1.1",
        "GET /api//v1/tokens HTTP/1.1",
        "GET /api/v1/tokens/ HTTP/1.1",
        "GET /API/V1/TOKENS HTTP/1.1",
        "GET /api/v1/tokens;x=y HTTP/1.1",
        "GET /api/v1/./tokens HTTP/1.1",
        "GET /api/v1/phases/../tokens HTTP/1.1",
        "GET /health/../api/v1/tokens HTTP/1.1",
        "GET /health/..%2fapi/v1/tokens HTTP/1.1",
        "GET /api/v1/tokens%00 HTTP/1.1",
        "GET /api/v1/tokens%20 HTTP/1.1",
        "GET /api/v1/tokens%0d%0a HTTP/1.1",
        "GET /api/v1/tokens%3Fx HTTP/1.1",
        "GET /api/v1/%74okens%2f HTTP/1.1",
        "GET * HTTP/1.1",
        "GET localhost:443 HTTP/1.1",
        "HEAD /api/v1/tokens HTTP/1.1",
        "OPTIONS /api/v1/tokens HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "TRACE /api/v1/tokens HTTP/1.1",
        "CONNECT localhost:443 HTTP/1.1",
        "get /api/v1/tokens HTTP/1.1",
        "PROPFIND /api/v1/tokens HTTP/1.1",
    ],
)
def test_a_path_has_one_spelling_and_a_method_one_name(line: str, raw: Raw) -> None:
    said = raw.request(line)
    assert status(said) in (400, 404, 405) and b'"ok":true' not in said, said
    assert line.startswith("HEAD") or code(said) in ("NO_SUCH_PATH", "METHOD_NOT_ALLOWED", "VALIDATION_ERROR")


def test_letters_that_are_escaped_are_the_same_letters_with_the_same_scope(raw: Raw, served_project: Project) -> None:
    reader = issued(served_project, Scope.READ)
    for path in ("/api/v1/%74okens", "/api%2Fv1/tokens", "/%61pi/v1%2ftokens"):
        assert (status(raw.request(f"GET {path} HTTP/1.1", token=reader))) == 403
        assert (status(raw.request(f"GET {path} HTTP/1.1"))) == 200


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method"])
def test_no_header_turns_a_read_into_a_write(name: str, raw: Raw) -> None:
    said = raw.request("GET /api/v1/phases/st50-x/spec HTTP/1.1", f"{name}: POST", JSON, LENGTH, body=SPEC)
    assert (status(said), code(said)) == (404, "NOT_FOUND")


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize("name", ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix", "X-Forwarded-Path"])
def test_no_header_leads_to_another_path(name: str, raw: Raw, served_project: Project) -> None:
    said = raw.request("GET /api/v1/nowhere HTTP/1.1", f"{name}: /api/v1/tokens")
    assert (status(said), code(said)) == (404, "NO_SUCH_PATH")


@pytest.mark.parametrize(
    ("query", "known"),
    [
        ("/phases?at=position:1&at=position:2", "at"),
        ("/phases?limit=1&limit=9999", "limit"),
        ("/events?after=0&after=5", "after"),
        ("/audit/sample?seed=a&seed=b", "seed"),
    ],
)
def test_a_parameter_that_says_one_thing_is_there_once(query: str, known: str, client: Client) -> None:
    reply = client.get(query)
    assert reply.code == "VALIDATION_ERROR" and f"The parameter {known} is there 2 times." in reply.json["detail"]


def test_a_parameter_that_is_a_list_may_be_there_again(client: Client) -> None:
    assert client.get("/search?q=round&q=trip").status == 200
    assert client.get("/log/heads?stream=policy&stream=project").status == 200


@pytest.mark.parametrize(
    "shown",
    [
        "?access_token={}",
        "?token={}",
        "?authorization=Bearer%20{}",
        "?api_key={}",
    ],
)
def test_a_token_in_a_url_opens_nothing(shown: str, client: Client) -> None:
    assert client.token is not None
    reply = client.shows(None).get("/phases" + shown.format(client.token))
    assert reply.code == "UNAUTHENTICATED" and client.token not in reply.body.decode()


@pytest.mark.parametrize(
    ("shown", "answered"),
    [
        ("bearer {}", 200),
        ("BEARER {}", 200),
        ("Bearer   {}", 200),
        ("Bearer {}x", 401),
        ("Bearer {}, Bearer {}", 401),
        ("Bearer {} {}", 401),
        ("Bearer\t{}", 401),
        ("Token {}", 401),
        ("Basic {}", 401),
        ("{}", 401),
        ('Bearer "{}"', 401),
        ("Bearer %7B{}", 401),
        ("Bearer \u00ff{}", 401),
        ("Bearer {}\u00a0", 401),
        ("Bearer\u00a0{}", 401),
    ],
)
def test_a_token_is_shown_in_one_way(shown: str, answered: int, raw: Raw, client: Client) -> None:
    token = str(client.token)
    said = raw(
        f"GET /api/v1/phases HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Authorization: {shown.replace('{}', token)}\r\n\r\n".encode("latin-1")
    )
    assert status(said) == answered, said
    assert answered == 200 or token.encode() not in said


def test_a_cookie_or_another_header_opens_nothing(client: Client) -> None:
    token = str(client.token)
    for name in ("Cookie", "X_Api_Key", "Proxy_Authorization", "X_Authorization", "X_Forwarded_User"):
        value = f"Bearer {token}" if "Auth" in name else f"token={token}"
        assert client.shows(None).get("/phases", **{name: value}).code == "UNAUTHENTICATED"


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("localhost", 200),
        ("LocalHost:8420", 200),
        ("localhost:", 200),
        ("[::1]", 200),
        ("[::1]:8420", 200),
        ("[::1]x", 421),
        ("[::1", 421),
        ("[::1]]", 421),
        ("localhost:80@evil.example.org", 421),
        ("localhost:evil", 421),
        ("localhost:123456", 421),
        ("user@localhost", 421),
        ("user:localhost@localhost", 421),
        ("localhost.", 421),
        ("localhost.evil.example.org", 421),
        ("localhost#evil", 421),
        ("localhost/evil", 421),
        ("localhost, evil.example.org", 421),
        ("", 421),
        ("127.1", 421),
        ("2130706433", 421),
        ("0.0.0.0", 421),
        ("[::ffff:127.0.0.1]", 421),
        ("\u00ff", 421),
    ],
)
def test_a_host_is_one_of_ours_with_a_port_or_none(host: str, answered: int, raw: Raw) -> None:
    said = raw(f"GET /health/live HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("latin-1"))
    assert status(said) == answered, said
    assert answered == 200 or code(said) == "HOST_NOT_ALLOWED"


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize(
    "target",
    [
        "http://localhost/api/v1/phases?limit=1",
        "http://localhost:8420/api/v1/phases?limit=1",
        "https://127.0.0.1/api/v1/phases?limit=1",
        "HTTP://LocalHost/api/v1/phases?limit=1",
        "/api/v1/phases?limit=1",
    ],
)
def test_a_target_that_is_a_whole_url_asks_for_the_same(target: str, raw: Raw) -> None:
    said = raw.request(f"GET {target} HTTP/1.1")
    assert status(said) == 200 and b'"kind":"phase.list"' in said, said


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize(
    ("target", "host", "answered"),
    [
        ("http://evil.example.org/health/live", "localhost", 421),
        ("http://localhost/health/live", "evil.example.org", 200),  # RFC 9112, 3.2.2: it must be ignored
        ("http://localhost@evil.example.org/health/live", "localhost", 421),
        ("http://evil.example.org@localhost/health/live", "localhost", 421),
        ("http:///health/live", "localhost", 421),
        ("http://localhost", "localhost", 404),
        ("http://localhost?limit=1", "localhost", 404),
        ("http://localhost/http://localhost/health/live", "localhost", 404),
        ("http://localhost//health/live", "localhost", 404),
        ("ftp://localhost/health/live", "localhost", 404),
        ("localhost/health/live", "localhost", 404),
    ],
)
def test_of_a_whole_url_the_host_is_the_one_that_counts(target: str, host: str, answered: int, raw: Raw) -> None:
    said = raw(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert status(said) == answered, said
    assert answered != 421 or code(said) == "HOST_NOT_ALLOWED"


def test_a_write_by_a_whole_url_is_recorded_as_any_other(raw: Raw, client: Client) -> None:
    line = "POST http://localhost/api/v1/phases/st51-x/spec HTTP/1.1"
    assert status(raw.request(line, JSON, LENGTH, body=SPEC)) == 200
    assert client.get("/phases/st51-x").status == 200


@pytest.mark.usefixtures("nothing_recorded")
def test_a_host_elsewhere_in_the_request_is_not_believed(raw: Raw, client: Client) -> None:
    said = raw(b"GET /health/live HTTP/1.0\r\n\r\n")
    assert (status(said), code(said)) == (421, "HOST_NOT_ALLOWED")
    said = raw(b"GET /health/live HTTP/1.0\r\nHost: localhost\r\n\r\n")
    assert status(said) == 200
    said = raw(b"GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert status(said) == 400
    page = client.get("/phases?limit=1", X_Forwarded_Host="evil.example.org", Forwarded="host=evil.example.org")
    assert b"evil" not in page.body and "evil" not in page.headers.get("link", "")


@pytest.mark.usefixtures("nothing_recorded")
@pytest.mark.parametrize("upgrade", ["websocket", "h2c", "TLS/1.0"])
def test_no_connection_becomes_another_protocol(upgrade: str, raw: Raw) -> None:
    more = [
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13",
        "HTTP2-Settings: AAMAAABkAAQAAP__",
    ]
    shown = f"Authorization: Bearer {raw.client.token}"
    head = [
        "GET /api/v1/phases HTTP/1.1",
        "Host: localhost",
        "Connection: Upgrade",
        f"Upgrade: {upgrade}",
        shown,
        *more,
    ]
    last = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    said = raw(("\r\n".join([*head, "", ""]) + last).encode())
    assert [int(part[:3]) for part in said.split(b"HTTP/1.1 ")[1:]] == [200, 200], said


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked_only_for_what_it_may_send(raw: Raw) -> None:
    with closing(socket.create_connection(("127.0.0.1", raw.client.port), timeout=10)) as connection:
        head = f"{DRAFT}\r\nHost: localhost\r\nAuthorization: Bearer {raw.client.token}\r\n{JSON}\r\n"
        head += "Expect: 100-continue\r\n"
        connection.sendall(f"{head}{LENGTH}\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(SPEC)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    with closing(socket.create_connection(("127.0.0.1", raw.client.port), timeout=10)) as connection:
        connection.sendall(f"{head}Content-Length: 4194305\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


@pytest.mark.usefixtures("nothing_recorded")
def test_half_a_body_is_no_request(raw: Raw, client: Client, served_project: Project) -> None:
    """Operations that need no words would be carried out without those that never came."""
    shown = f"Host: localhost\r\nAuthorization: Bearer {client.token}\r\n{JSON}\r\n"
    for rest in (
        "Content-Length: 100\r\n\r\n{",
        "Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
        "Content-Length: 2\r\n\r\n",
    ):
        with closing(socket.create_connection(("127.0.0.1", client.port), timeout=10)) as connection:
            connection.sendall(f"POST /api/v1/phases/st52-half/spec/request HTTP/1.1\r\n{shown}{rest}".encode())
    for _ in range(3):
        assert client.get("/phases").status == 200

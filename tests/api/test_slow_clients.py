"""Clients that are slow, silent or too many: each is let go, and the others are served."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse
from pathlib import Path
from time import monotonic, sleep

import orjson
import pytest

from api import connections
from api.connections import Connections
from domain.access_token import Scope
from tests.api.served import HERE, Client, issued, opened, served, until
from tests.certificates import signed_by_itself
from usecases.project import Project

START = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"


@contextmanager
def connected(client: Client) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", client.port), timeout=10) as found:
        yield found


def everything(from_: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    said = b""
    while part := from_.recv(65536):
        said += part
    return said


def problem_in(said: bytes) -> tuple[int, str]:
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower() and b"connection: close" in head.lower()
    return int(head.split()[1]), orjson.loads(body)["code"]


def test_headers_that_do_not_come_in_time_end_the_connection(served_project: Project) -> None:
    with served(served_project, connections=Connections(20, header_seconds=1.0)) as client:
        with connected(client) as silent, connected(client) as slow, connected(client) as dripping:
            began = monotonic()
            slow.sendall(START)
            for each in START[:8]:
                sleep(0.02)
                dripping.sendall(bytes([each]))
            assert problem_in(everything(slow)) == problem_in(everything(dripping)) == (408, "TIMEOUT")
            assert everything(silent) == b"" and monotonic() - began < connections.HEADER_SECONDS - 1
        assert client.get("/health/live").status == 200


def test_a_second_request_has_its_time_too(served_project: Project) -> None:
    with served(served_project, connections=Connections(20, header_seconds=1.0)) as client, connected(client) as kept:
        kept.sendall(START + b"\r\n")
        whole = HTTPResponse(kept)
        whole.begin()
        assert whole.status == 200 and whole.read()
        kept.sendall(START)
        assert problem_in(everything(kept)) == (408, "TIMEOUT")


def test_who_only_waits_makes_room_for_who_asks(served_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SETTLED_SECONDS", 0.2)
    few = Connections(5)
    with served(served_project, connections=few) as client, ExitStack() as stack:
        silent = [stack.enter_context(connected(client)) for _ in range(5)]
        for each in silent:
            each.sendall(START)
        until(lambda: few.count == 5)
        sleep(0.4)
        assert [client.get("/health/live").status for _ in range(3)] == [200, 200, 200]
        assert not few.refused and few.count <= 5


def test_where_nobody_can_make_room_more_are_refused(served_project: Project) -> None:
    few = Connections(3)
    token = issued(served_project)
    with served(served_project, connections=few) as client, ExitStack() as stack:
        for _ in range(3):
            follows = stack.enter_context(connected(client))
            follows.sendall(
                b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n" % token.encode()
            )
            assert b" 200 " in follows.recv(65536)
        with connected(client) as another:
            said = everything(another)
        assert problem_in(said) == (503, "BUSY") and b"retry-after: 1" in said.lower() and few.refused == {"BUSY": 1}
        stack.close()
        until(lambda: client.get("/health/live").status == 200)


def test_who_does_not_read_the_answer_is_let_go(served_project: Project) -> None:
    some = Connections(20, unread_seconds=0.5)
    token = issued(served_project)
    with served(served_project, connections=some) as anybody:
        client = anybody.shows(token)
        assert client("PUT", "/phases/st70-long/spec", {"text": "# Long\n\n" + "x " * 1_900_000}).status == 200
        until(lambda: some.count == 0)
        with socket.socket() as lazy:
            lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            lazy.connect(("127.0.0.1", client.port))
            lazy.sendall(
                b"GET /api/v1/phases/st70-long/spec HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n"
                % token.encode()
            )
            until(lambda: some.count == 1)
            until(lambda: some.count == 0)
        assert anybody.get("/health/live").status == 200


@pytest.mark.parametrize(
    "said",
    [b"\x00\xff nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n"],
)
def test_what_is_no_http_is_told_as_everything_else_is(served_project: Project, said: bytes) -> None:
    with served(served_project) as client, connected(client) as odd:
        odd.sendall(said)
        assert problem_in(everything(odd)) == (400, "VALIDATION_ERROR")


def test_what_is_no_request_is_counted_and_logged_like_one(folder: Path) -> None:
    with opened(folder) as project:
        with served(project, connections=Connections(20, header_seconds=0.3)) as client:
            ids = []
            for said in (b"canary-nonsense \x1b[2J\r\n\r\n", START):
                with connected(client) as odd:
                    odd.sendall(said)
                    head = everything(odd).partition(b"\r\n\r\n")[0]
                ids.append(
                    next(
                        line[14:].decode() for line in head.split(b"\r\n") if line.lower().startswith(b"x-request-id: ")
                    )
                )
            told = client.shows(issued(project, Scope.METRICS)).get("/metrics").body.decode()
            assert 'orch_suspicious_requests_total{kind="invalid_inputs"} 2.0' in told
        lines = [orjson.loads(line) for line in (folder / ".orch/logs/combined.log").read_bytes().splitlines()]
    found = {line["request_id"]: line for line in lines if line["event"] == "request"}
    assert [(found[each]["status"], found[each]["code"]) for each in ids] == [
        (400, "VALIDATION_ERROR"),
        (408, "TIMEOUT"),
    ]
    assert all(found[each]["address"] == "127.0.0.1" and found[each]["operation"] == "none" for each in ids)
    assert "canary" not in str(lines)


def test_a_tls_connection_has_to_be_made_in_time(
    served_project: Project, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.5)
    own = signed_by_itself(tmp_path_factory.mktemp("tls"), "server")
    where = HERE._replace(certificate=own, key=own.with_suffix(".key"))
    with served(served_project, where) as client, connected(client) as silent:
        began = monotonic()
        assert everything(silent) == b"" and monotonic() - began < 5

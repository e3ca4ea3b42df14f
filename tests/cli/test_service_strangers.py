"""Whoever answers in the place of a service, or before it: told from one in a sentence, and never believed."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server
from threading import Thread
from time import monotonic, sleep

import orjson
import pytest

from adapters import service_line
from cli import progress
from tests.api.served import PATIENCE
from tests.cli.test_progress import Terminal
from tests.cli.through_service import SPEC, Far, begun, far, short_pauses

__all__ = ["begun", "far", "short_pauses"]  # fixtures
pytestmark = [pytest.mark.in_file, pytest.mark.usefixtures("short_pauses")]


@contextmanager
def _answering(status: int, media_type: str, body: bytes, **headers: str) -> Iterator[str]:
    """Run a server that answers everything in one way."""

    class Same(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # http.server calls it so
            self.send_response(status)
            for name, value in {"content-type": media_type, "content-length": str(len(body)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Same) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join(PATIENCE)


@contextmanager
def _before(
    port: int, times: int, status: int, media_type: str, body: bytes, *, spoils: bytes = b""
) -> Iterator[tuple[str, list[str]]]:
    """Stand before a service: answer the first writes in one way, pass everything else on, and spoil what begins so."""
    keys: list[str] = []

    class Passing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # http.server calls it so
            said = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.command == "POST" and self.headers["idempotency-key"]:
                keys.append(self.headers["idempotency-key"])
                if len(keys) <= times:
                    return self._answer(status, {"content-type": media_type, "retry-after": "7"}, body)
            line = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            line.request(self.command, self.path, said or None, _passed_on(self.headers.items()))
            found = line.getresponse()
            data = found.read()
            if spoils and data.startswith(spoils):
                data = data[:-1] + bytes([data[-1] ^ 1])
            line.close()
            return self._answer(found.status, _passed_on(found.getheaders()), data)

        def do_POST(self) -> None:  # as above
            self.do_GET()

        def _answer(self, code: int, headers: dict[str, str], data: bytes) -> None:
            self.send_response(code)
            for name, value in {**headers, "content-length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Passing) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", keys
        server.shutdown()
        thread.join(PATIENCE)


def _passed_on(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the headers that go through a proxy as they are."""
    own = ("host", "connection", "content-length")
    return {name.lower(): value for name, value in headers if name.lower() not in own}


NEWER = {"ok": True, "kind": "log", "version": 1, "data": {"origin": "example.org/x", "orch": "9.0", "reads": 99}}
PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("status", "media_type", "body", "said"),
    [
        (200, "text/html", b"<h1>It works!</h1>", "not as orch does"),
        (200, "application/json", b'{"hello": "world"}', "is no service of orch"),
        (200, "application/json", orjson.dumps(NEWER), "another version"),
        (404, "text/html", b"<h1>Not Found</h1>", "answered 404"),
        (502, "text/html", b"<h1>Bad Gateway</h1>", "what stands before the service does not reach it"),
        (502, PROBLEM, b'{"code":"UNAVAILABLE","detail":"No.","status":502}', "does not reach it"),
        (200, "text/html", b"x" * 300_000, "not as orch does"),
        (200, "application/json", b'{"ok":true,"data":{"reads":1}}', "does not say notes"),
        (200, "application/json", b'{"ok":true,"data":{"reads":1,"notes":{},"by":{}}}', "whose the token is"),
        (404, PROBLEM, b'{"code":"NO_SUCH_PATH","detail":"Not Found.","status":404}', "it is older"),
        (429, PROBLEM, b'{"code":"RATE_LIMITED","detail":"Too many requests.","status":429}', "Too many requests."),
        (503, PROBLEM, b'{"code":"OVERLOADED","detail":"Too many at once.","status":503}', "Too many at once."),
    ],
)
def test_what_is_no_service_is_told_from_one_in_a_sentence(
    far: Far, status: int, media_type: str, body: bytes, said: str
) -> None:
    with _answering(status, media_type, body, Orch_Log="example.org/x") as url:
        far.asks(url)
        refused = far.orch("list")
    damaged = said in ("does not say notes", "whose the token is")
    assert refused.status == (6 if damaged else 8) and said in refused.err and "Traceback" not in refused.err


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_nobody_is_led_elsewhere_and_the_way_is_told(far: Far, status: int) -> None:
    to = "https://orch.example.org/team/api/v1/log"
    with _answering(status, "text/html", b"moved", Location=to) as url:
        far.asks(url)
        refused = far.orch("list")
    assert refused.status == 8 and "a token is shown only where the settings say" in refused.err
    assert "export ORCHESTRATOR_URL=https://orch.example.org/team" in refused.err
    with _answering(status, "text/html", b"moved", Location="javascript:alert(1)") as url:
        far.asks(url)
        assert "not as orch does" in far.orch("list").err


@pytest.mark.parametrize(
    ("status", "media_type", "body"),
    [
        (503, "application/problem+json", b'{"code":"BUSY","detail":"Too many.","status":503}'),
        (429, "application/problem+json", b'{"code":"RATE_LIMITED","detail":"Too often.","status":429}'),
        (502, "text/html", b"<h1>Bad Gateway</h1>"),
        (504, "text/html", b"<h1>Gateway Timeout</h1>"),
    ],
)
def test_who_is_busy_is_asked_again_after_the_time_it_names_under_the_same_id(
    far: Far, monkeypatch: pytest.MonkeyPatch, status: int, media_type: str, body: bytes
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(service_line, "sleep", waited.append)
    with _before(far.client.port, 2, status, media_type, body) as (url, keys):
        far.asks(url)
        done = far.orch(*SPEC, "--command-id", "same", "--json")
    assert done.status == 0 and keys == ["same"] * 3 and waited == [7.0, 7.0]
    assert [record.command_id for record in far.project.log.records()].count("same") == 3


def test_an_answer_that_trickles_is_given_up(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    far.env.setenv("ORCHESTRATOR_OPERATION_TIMEOUT_MS", "300")
    with create_server(("127.0.0.1", 0)) as trickling:

        def trickle() -> None:
            for _ in range(5):
                try:
                    client, _address = trickling.accept()
                except OSError:
                    return
                with client, suppress(OSError):
                    client.recv(65536)
                    client.sendall(
                        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99999\r\n\r\n"
                    )
                    for _ in range(600):
                        client.sendall(b" ")
                        sleep(0.05)

        Thread(target=trickle, daemon=True).start()
        far.asks(f"http://127.0.0.1:{trickling.getsockname()[1]}")
        began = monotonic()
        refused = far.orch("list")
    assert refused.status == 8 and "did not answer within 0.3 s" in refused.err and monotonic() - began < 20


def test_large_answers_come_whole(far: Far) -> None:
    text = "".join(f"{number} below ten milliseconds\n" for number in range(100_000))  # 3 MB, and as much again
    assert far.orch("init").status == 0
    assert far.orch(*SPEC).status == 0
    for turn in range(4):
        Path("dev/st01-x/spec.md").write_text(f"# {turn}\n\n{text}")
        assert far.orch("edit", "st01-x", "spec").status == 0
    assert sum(len(record.payload or b"") for record in far.project.log.records()) > 10_000_000
    assert far.orch("audit", "verify").status == 7
    assert far.orch("show", "st01-x", "spec").out == f"# 3\n\n{text}"


def test_a_package_that_was_changed_on_the_way_is_not_kept(far: Far) -> None:
    assert far.orch("init").status == 0
    with _before(far.client.port, 0, 200, "", b"", spoils=b"PK") as (url, _):
        far.asks(url)
        refused = far.orch("audit", "export", "-o", "e.zip")
    assert refused.status == 8 and not Path("e.zip").exists()


def test_a_service_that_meets_a_bug_is_not_blamed_on_whoever_asks(far: Far) -> None:
    with _answering(500, PROBLEM, b'{"code":"BUG","detail":"This is a bug.","status":500}') as url:
        far.asks(url)
        refused = far.orch("list", "--json")
    assert refused.status == 1 and refused.error["code"] == "BUG" and "in the service" in refused.error["message"]


@pytest.mark.parametrize(
    "stream",
    [
        b'event: progress\ndata: {"part":1,"what":"events","total":9,"done":1}\n\n',
        b"event: answer\ndata: {}\n\n",
        b"event: progress\ndata: [1]\n\n",
        b"event: answer\ndata: {no json\n\n",
        b"",
    ],
)
def test_work_that_is_told_by_somebody_else_or_in_half_is_not_done(far: Far, stream: bytes) -> None:
    with _answering(200, "text/event-stream", stream) as url:
        far.asks(url)
        refused = far.orch("doctor", "--json")
    assert (refused.status, refused.error["code"]) == (8, "UNAVAILABLE")
    assert refused.error["fix"][-1] == "orch doctor --json" and url in refused.error["message"]


def test_a_server_that_speaks_no_http_is_told(far: Far) -> None:
    with create_server(("127.0.0.1", 0)) as mumbling:

        def mumble() -> None:
            for _ in range(20):
                try:
                    client, _address = mumbling.accept()
                except OSError:
                    return
                with client:
                    client.sendall(b"220 mail.example.org ESMTP\r\n")

        Thread(target=mumble, daemon=True).start()
        far.asks(f"http://127.0.0.1:{mumbling.getsockname()[1]}")
        assert far.orch("list").status == 8


def test_what_a_stranger_says_of_how_far_it_is_does_nothing_to_a_terminal(
    far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PATIENCE_S", -1.0)
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    told = b'event: progress\ndata: {"part":1,"what":"\\u001b]0;mine\\u0007","total":%s,"done":1}\n\n'
    for total in (b"9", b'"%s"' % (b"9" * 4000)):
        with _answering(200, "text/event-stream", told % total) as url:
            far.asks(url)
            refused = far.orch("doctor", "--json")
        assert (refused.status, refused.error["code"]) == (8, "UNAVAILABLE")
    assert "\x1b]" not in terminal.getvalue() and "mine" in terminal.getvalue()

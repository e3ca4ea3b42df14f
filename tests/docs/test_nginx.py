"""The file for nginx, before a real service: what clients see through it is what the service says."""

import re
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from subprocess import CompletedProcess, run
from sys import executable
from threading import Event
from time import monotonic, sleep

import orjson
import pytest

from adapters.settings import BY_NAME
from adapters.workspace import Workspace
from api import progressing
from api.connections import HEADER_SECONDS, UNREAD_SECONDS
from api.events import STILL_THERE_SECONDS
from api.guard import MOST_HEADERS
from api.problems import HttpRefusal, problem
from api.received import BODY_SECONDS, MOST_BODY
from api.server import Where
from cli import exits
from tests.api.served import PATIENCE, WIDE, Client, Reply, environment, issued, new_project, opened, served
from tests.api.test_events import following, told
from tests.api.test_process import running, token_for
from tests.api.test_progressing import watching
from tests.api.test_telemetry import logged
from tests.nginx import NAME, SETTINGS, Proxied, before
from tests.ports import free_port
from usecases.project import Project

BEHIND = Where("127.0.0.1", 0, (NAME,), behind_proxy=True)
SPEC = {"objectives": ["Round trip below 10 ms"]}
TEXT = SETTINGS.read_text("utf-8")
UNITS = {"s": 1, "k": 1024, "m": 1024 * 1024}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("proxied")
    new_project(folder)
    with opened(folder) as found:
        yield found


@pytest.fixture(scope="module")
def proxied(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    """Give whoever asks through nginx as grace."""
    with (
        served(project, BEHIND) as direct,
        before(direct.port, tmp_path_factory.mktemp("nginx") / "nginx") as found,
    ):
        yield found.shows(issued(project))


def said(name: str) -> int:
    """Return a size or a time that the file names, in bytes or seconds."""
    (words,) = re.findall(rf"^ *{name} (?:1 )?(\d+[skm]);", TEXT, re.MULTILINE)
    return int(words[:-1]) * UNITS[words[-1]]


def test_its_limits_are_those_of_the_service() -> None:
    assert said("client_max_body_size") == MOST_BODY
    assert said("large_client_header_buffers") == MOST_HEADERS
    assert said("client_header_timeout") == HEADER_SECONDS and said("send_timeout") == UNREAD_SECONDS
    assert said("client_body_timeout") > BODY_SECONDS, "that the body was too slow is told by the service"
    longest = int(str(BY_NAME["operation_timeout_ms"].default)) / 1000
    assert said("proxy_read_timeout") > longest + BODY_SECONDS and said("proxy_read_timeout") > 4 * STILL_THERE_SECONDS


@pytest.mark.parametrize(
    "refusal",
    [
        HttpRefusal(400, "VALIDATION_ERROR", "Invalid HTTP request received."),
        HttpRefusal(400, "VALIDATION_ERROR", f"A target and its headers have at most {MOST_HEADERS} bytes."),
        HttpRefusal(404, "NO_SUCH_PATH", "Not Found."),
        HttpRefusal(413, "BODY_TOO_LARGE", f"A body has at most {MOST_BODY} bytes."),
    ],
    ids=lambda refusal: str(refusal.detail),
)
def test_what_it_refuses_by_itself_it_says_as_the_service_does(refusal: HttpRefusal) -> None:
    documents = [orjson.loads(words) for words in re.findall(r"return \d+ '(.+)';", TEXT)]
    assert orjson.loads(problem(refusal).body) in documents
    assert all(each["type"].endswith(each["code"].lower().replace("_", "-")) for each in documents)


def test_nginx_has_no_doubts_about_it(proxied: Proxied) -> None:
    assert (proxied.folder / "said").read_text("utf-8") == ""


def test_commands_and_reads_pass_as_they_are(proxied: Proxied) -> None:
    first = proxied.post("/phases/st01-x/spec", SPEC, Idempotency_Key="through", Host=NAME)
    again = proxied.post("/phases/st01-x/spec", SPEC, Idempotency_Key="through")
    assert (again.data, again.headers["idempotent-replayed"]) == (first.data, "true")
    read = proxied.get("/phases/st01-x")
    assert read.headers["etag"] == first.headers["etag"] and not read.headers["etag"].startswith("W/")
    assert "content-encoding" not in read.headers
    packed = proxied.get("/phases/st01-x", Accept_Encoding="gzip")
    assert (packed.headers["content-encoding"], packed.headers["etag"]) == ("gzip", read.headers["etag"])
    small = proxied.get("/health/live", Accept_Encoding="gzip")
    assert small.json["status"] == "healthy" and "content-encoding" not in small.headers, "nginx packs nothing"
    approved = proxied.post("/phases/st01-x/spec/approve", {}, If_Match=read.headers["etag"])
    assert approved.status == 200
    late = proxied.post("/phases/st01-x/spec/reopen", {"reason": "x"}, If_Match=read.headers["etag"])
    assert late.status == 412
    named = proxied.get("/phases/st01-x", X_Request_Id="mine-1")
    assert named.headers["x-request-id"] == "mine-1" and "max-age" in named.headers["strict-transport-security"]


def test_a_token_of_an_issuer_may_be_as_long_as_the_service_takes_it(proxied: Proxied) -> None:
    assert proxied.shows("x" * 16_000).get("/phases").code == "UNAUTHENTICATED"


@pytest.mark.parametrize("changed", [{}, {"proxy_buffering off;": ""}], ids=["ours", "with buffers"])
def test_each_event_arrives_as_it_is_recorded(
    changed: dict[str, str], project: Project, proxied: Proxied, tmp_path: Path
) -> None:
    """Also where nginx keeps what it has until it is enough: the service asks it not to."""
    with served(project, BEHIND) as direct, before(direct.port, tmp_path / "nginx", changed) as found:
        client = found.shows(proxied.token)
        phase = f"st02-heard-{len(changed)}"
        with following(client) as stream:
            assert stream.readline().startswith(b": the log from position")
            heard, last = told(stream), 0
            for number in range(3):
                began = monotonic()
                recorded = client.post(f"/phases/{phase}/spec", {"objectives": [f"{number}"]}).data["events"]
                events = [next(heard) for _ in recorded]
                assert [each.id for each in events] == [each["position"] for each in recorded]
                last = events[-1].id
                assert monotonic() - began < PATIENCE / 2
        client.post(f"/phases/{phase}/spec", {"objectives": ["missed"]})
        with following(client, Last_Event_ID=str(last)) as stream:
            assert next(told(stream)).id == last + 1


def test_how_far_long_work_is_arrives_while_it_goes_on(
    project: Project, proxied: Proxied, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progressing, "PATIENCE_S", 0.0)
    proxied.post("/phases/st03-long/spec", SPEC)
    with Workspace(project.places).locked("st03-long"), watching(proxied, "POST", "/rebuild", b"{}") as stream:
        assert stream.readline() == b"event: progress\n" and b'"done":' in stream.readline()
    with watching(proxied, "POST", "/rebuild", b"{}") as stream:
        assert b"event: answer\n" in stream.read()


def exchanged(proxied: Proxied, words: bytes) -> Reply:
    """Send words by TLS, and return what is answered."""
    connection = proxied.connection()
    connection.connect()
    with suppress(OSError):  # it may be answered before all is sent
        connection.sock.sendall(words)
    answer = HTTPResponse(connection.sock)
    answer.begin()
    reply = Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    connection.close()
    return reply


def test_what_is_too_large_or_for_somebody_else_is_refused_as_documented_and_nothing_is_recorded(
    project: Project, proxied: Proxied
) -> None:
    position = project.log.moment().position
    large = proxied.post("/phases/st04-x/spec", {"objectives": ["a" * MOST_BODY]})
    assert (large.status, large.code) == (413, "BODY_TOO_LARGE")
    head = f"POST /api/v1/phases/st04-x/spec HTTP/1.1\r\nHost: {NAME}\r\nAuthorization: Bearer {proxied.token}\r\n"
    pieces = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    in_pieces = exchanged(proxied, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + 66 * pieces)
    assert (in_pieces.status, in_pieces.code) == (413, "BODY_TOO_LARGE")
    for host in ("evil.example.org", f"{NAME}.evil.example.org", "xn--orch.example.org"):
        other = proxied.post("/phases/st04-x/spec", SPEC, Host=host)
        assert (other.status, other.code) == (421, "HOST_NOT_ALLOWED")
    for headers in ({"X_Long": "x" * 33_000}, {f"X_Long_{number}": "x" * 8_000 for number in range(5)}):
        refused = proxied.post("/phases/st04-x/spec", SPEC, **headers)
        assert (refused.status, refused.code) == (400, "VALIDATION_ERROR")
    assert proxied.get(f"/phases/{'x' * 33_000}").code == "VALIDATION_ERROR"
    assert project.log.moment().position == position


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (f"GET https://evil.example.org/health/live HTTP/1.1\r\nHost: {NAME}\r\n", 421),
        (f"GET https://{NAME}/health/live HTTP/1.1\r\nHost: evil.example.org\r\n", 200),
        (f"GET /health/live HTTP/1.1\r\nHost: {NAME}\r\nHost: evil.example.org\r\n", 400),
        ("GET /health/live HTTP/1.1\r\n", 400),
        (f"GET //health/live HTTP/1.1\r\nHost: {NAME}\r\n", 404),
        (f"GET /health/../health/live HTTP/1.1\r\nHost: {NAME}\r\n", 404),
        (f"GET /-/502 HTTP/1.1\r\nHost: {NAME}\r\n", 404),
        (f"POST /api/v1/phases HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n", 400),
        (f"TRACE /health/live HTTP/1.1\r\nHost: {NAME}\r\n", 400),
        (f"GET /health/live HTTP/3.0\r\nHost: {NAME}\r\n", 400),
        ("nonsense\r\n", 400),
    ],
)
def test_a_request_has_one_meaning_before_and_behind_it(words: str, status: int, proxied: Proxied) -> None:
    answer = exchanged(proxied, f"{words}Connection: close\r\n\r\n".encode())
    assert answer.status == status, answer
    assert status == 200 or answer.code, "as the service would say it"


def test_who_forgets_tls_is_refused(proxied: Proxied) -> None:
    refused = Client(proxied.port).get("/phases")
    assert (refused.status, refused.code) == (400, "VALIDATION_ERROR")


def test_whoever_still_sends_what_is_refused_is_told_why(project: Project, tmp_path: Path) -> None:
    """And not that the service does not answer: the connection to it is not closed before nginx has the answer."""
    large = {"objectives": ["a" * 3_000_000]}
    with (
        served(project, BEHIND, bounds=WIDE._replace(per_address=1)) as direct,
        before(direct.port, tmp_path / "nginx") as found,
    ):
        found.get("/phases")
        answers = Counter(found.post("/phases/st05-x/spec", large).code for _ in range(10))
    assert answers == {"RATE_LIMITED": 10}


def test_clients_are_counted_apart_and_cannot_say_who_they_are(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    new_project(tmp_path / "project")
    with (
        opened(tmp_path / "project") as project,
        served(project, BEHIND, bounds=WIDE._replace(per_address=3)) as direct,
        before(direct.port, tmp_path / "nginx") as found,
    ):
        one, other = found.comes_from("127.0.0.2"), found.comes_from("127.0.0.3")
        forged = [
            {"X_Forwarded_For": f"198.51.100.{number}", "Forwarded": f"for=198.51.100.{number}", "X_Real_IP": "::1"}
            for number in range(6)
        ]
        assert [one.get("/phases", **said).status for said in forged] == [401, 401, 401, 429, 429, 429]
        assert [other.get("/phases").status for _ in range(4)] == [401, 401, 401, 429]
        last = other.get("/phases", X_Request_Id="the-last").headers["x-request-id"]
        lines = [line for line in logged(project, until=last) if line["event"] == "request"]
        assert Counter(line["address"] for line in lines) == {"127.0.0.2": 6, "127.0.0.3": 5}
    seen = [line.split() for line in found.logged().splitlines()]
    assert Counter(line[0] for line in seen) == {"127.0.0.2": 6, "127.0.0.3": 5}
    assert seen[-1][-1] == last and not any("phases" in word for line in seen for word in line)


def typed(folder: Path, proxied: Proxied, *words: str, patience_ms: int = 30_000) -> "CompletedProcess[str]":
    """Run `orch` far from the log, through nginx."""
    folder.mkdir(exist_ok=True)
    env = environment() | {
        "ORCHESTRATOR_URL": proxied.url,
        "ORCHESTRATOR_TOKEN": str(proxied.token),
        "ORCHESTRATOR_CA_FILE": str(proxied.certificate),
        "ORCHESTRATOR_OPERATION_TIMEOUT_MS": str(patience_ms),
        "HOME": str(folder),
    }
    del env["ORCHESTRATOR_ACTOR"]
    return run([executable, "-m", "cli.main", *words], cwd=folder, env=env, capture_output=True, text=True)


def test_the_command_line_works_through_it(proxied: Proxied, tmp_path: Path) -> None:
    done = typed(tmp_path / "far", proxied, "spec", "st06-far", "--objectives", "Round trip below 10 ms")
    assert done.returncode == 0, done.stderr
    assert "st06-far" in typed(tmp_path / "far", proxied, "list").stdout


def test_where_the_service_is_down_clients_are_told_in_a_sentence(proxied: Proxied, tmp_path: Path) -> None:
    with before(free_port(), tmp_path / "nginx") as found:
        client = found.shows(proxied.token)
        reply = client.post("/phases/st07-x/spec", SPEC, Idempotency_Key="down")
        assert (reply.status, reply.code) == (502, "UNAVAILABLE") and reply.headers["retry-after"] == "2"
        done = typed(tmp_path / "far", client, "list", patience_ms=1_000)
        assert done.returncode == exits.UNAVAILABLE and done.stdout == "" and "Traceback" not in done.stderr
        sentence = f"{found.url} answered 502, and not as orch does: what stands before the service does not reach it."
        assert done.stderr == f"✗ {sentence} [UNAVAILABLE]\n  → orch health --url {found.url}\n"
        as_json = orjson.loads(typed(tmp_path / "far", client, "list", "--json", patience_ms=1_000).stdout)
        assert (as_json["ok"], as_json["error"]["code"]) == (False, "UNAVAILABLE")


def test_where_nginx_has_no_room_left_it_says_so_the_same_way(
    project: Project, proxied: Proxied, tmp_path: Path
) -> None:
    with (
        served(project, BEHIND) as direct,
        before(direct.port, tmp_path / "nginx", connections=9) as found,
        ExitStack() as following_it,
    ):
        client = found.shows(proxied.token)
        for _ in range(3):
            assert following_it.enter_context(following(client)).readline()
        reply = client.get("/phases")
    assert (reply.status, reply.code) == (502, "UNAVAILABLE")


def test_a_service_that_does_not_answer_in_time_is_told_the_same_way(proxied: Proxied, tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        before(silent.getsockname()[1], tmp_path / "nginx", {"proxy_read_timeout ": "proxy_read_timeout 1s;"}) as found,
    ):
        reply = found.shows(proxied.token).get("/phases")
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (504, "UNAVAILABLE", "2")


def test_nothing_that_was_accepted_is_lost_while_the_service_is_begun_anew(tmp_path: Path) -> None:
    folder, port, ending = tmp_path / "project", free_port(), Event()
    folder.mkdir()
    new_project(folder)
    token, statuses, recorded = token_for(folder), Counter[int](), Counter[int]()
    words = ("--port", str(port), "--behind-proxy", "--name", NAME)

    def work(client: Proxied, phase: int) -> None:
        """Draft again and again; what was not answered is asked again with its key."""
        while not ending.is_set():
            key, body = f"key-{phase}-{recorded[phase]}", {"objectives": [f"{recorded[phase]}"]}
            until = monotonic() + 6 * PATIENCE
            while monotonic() < until:
                with suppress(OSError, HTTPException):
                    reply = client.post(f"/phases/st{phase:02}-x/spec", body, Idempotency_Key=key)
                    statuses[reply.status] += 1
                    if reply.status == 200:
                        assert "idempotent-replayed" not in reply.headers, "it was accepted, and the answer was lost"
                        recorded[phase] += 1
                        break
                sleep(0.05)
            else:
                raise AssertionError("it was never answered")

    def until_each_has(more: int) -> None:
        wanted = {phase: recorded[phase] + more for phase in range(6)}
        until = monotonic() + 6 * PATIENCE
        while any(recorded[phase] < count for phase, count in wanted.items()):
            assert monotonic() < until
            sleep(0.05)

    with before(port, tmp_path / "nginx") as found, ThreadPoolExecutor(6) as pool:
        client = found.shows(token)
        try:
            with running(folder, *words) as (process, _):
                working = [pool.submit(work, client, phase) for phase in range(6)]
                until_each_has(3)
                process.send_signal(signal.SIGTERM)
                assert process.wait(2 * PATIENCE) == 0
            until = monotonic() + PATIENCE
            while not statuses[502]:
                assert monotonic() < until
                sleep(0.05)
            with running(folder, *words):
                until_each_has(3)
                ending.set()
                for each in working:
                    each.result(6 * PATIENCE)
                for phase in range(6):
                    state = client.get(f"/phases/st{phase:02}-x").data
                    assert state["steps"]["spec"]["iteration"] == recorded[phase]
        finally:
            ending.set()
    assert statuses.keys() <= {200, 502} and statuses[200] == sum(recorded.values())

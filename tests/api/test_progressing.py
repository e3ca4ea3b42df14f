"""How far long work is, told to whoever takes an event stream: as long as it takes, or until they leave."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from socket import create_connection
from threading import Thread
from time import monotonic, sleep
from typing import Any

import orjson
import pytest
from fastapi import FastAPI, Request
from starlette.responses import Response
from uvicorn import Config, Server

from adapters.service_work import EVENTS
from adapters.workspace import Workspace
from api import progressing
from api.heavy import AT_ONCE, long_work
from api.progressing import Left, Telling, long_answer
from api.server import bound
from domain.access_token import Scope
from domain.steps import Step
from tests.api.served import HERE, IN_SILENCE, PATIENCE, WIDE, Client, Reply, issued, opened, served
from tests.api.test_operations import FIELDS
from tests.api.test_telemetry import figures, logged
from tests.api.test_tracing import attributes, collector
from usecases.meters import Meter, Metering
from usecases.project import Project
from usecases.rebuilding import rebuilt
from usecases.recovered_stores import plan_to

PHASE = "st01-audio-engine"
TAKES = {"Accept": f"{EVENTS}, application/json"}


@contextmanager
def watching(client: Client, method: str, path: str, body: bytes | None = None) -> Iterator[HTTPResponse]:
    connection = client.connection()
    sent = {"Authorization": f"Bearer {client.token}", "Content-Type": "application/json", **TAKES}
    connection.request(method, f"/api/v1{path}", body, sent)
    try:
        yield connection.getresponse()
    finally:
        connection.close()


def told(stream: HTTPResponse) -> list[tuple[str, Any]]:
    """Return the events of a stream, to its end."""
    assert stream.headers["content-type"].startswith(EVENTS)
    blocks = stream.read().decode().split("\n\n")
    lines = [block.split("\n") for block in blocks if block and not block.startswith(":")]
    return [(name.removeprefix("event: "), orjson.loads(data.removeprefix("data: "))) for name, data in lines]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything count as long."""
    monkeypatch.setattr(progressing, "PATIENCE_S", 0.0)


def until(reached: Callable[[], bool]) -> None:
    ends = monotonic() + PATIENCE
    while not reached():
        assert monotonic() < ends
        sleep(0.05)


@pytest.mark.usefixtures("at_once")
def test_the_last_event_has_what_would_have_been_answered(client: Client) -> None:
    client.post(f"/phases/{PHASE}/spec", FIELDS["spec"])
    plain = client.post("/rebuild", {"check": True})
    with watching(client, "POST", "/rebuild", b'{"check": true}') as stream:
        *before, (last, answer) = told(stream)
    assert (stream.status, last) == (200, "answer")
    assert answer == {"status": 200, "replayed": False, "document": plain.json}
    assert [name for name, _ in before] == ["progress"] * len(before)
    parts = [each["part"] for _, each in before]
    assert parts == sorted(parts)
    assert before[-1][1] | {"part": 0} == {"part": 0, "what": "phases", "total": 1, "done": 1}


@pytest.mark.usefixtures("at_once")
def test_a_refusal_by_then_has_its_status_in_the_last_event(client: Client) -> None:
    plain = client.get("/doctor?phase=st99-none")
    with watching(client, "GET", "/doctor?phase=st99-none") as stream:
        (*_, (_, answer)) = told(stream)
    assert answer == {"status": 404, "replayed": False, "document": plain.json}


@pytest.mark.usefixtures("at_once")
def test_a_repeated_request_says_so_in_the_last_event(client: Client) -> None:
    client.post("/recover/run", {"to": "position:1"}, Idempotency_Key="told")
    connection = HTTPConnection("127.0.0.1", client.port, timeout=PATIENCE)
    sent = {"Authorization": f"Bearer {client.token}", "Content-Type": "application/json", "Idempotency-Key": "told"}
    connection.request("POST", "/api/v1/recover/run", b'{"to": "position:1"}', {**sent, **TAKES})
    (*_, (_, answer)) = told(connection.getresponse())
    assert (answer["status"], answer["replayed"]) == (200, True)
    connection.close()


@pytest.mark.usefixtures("at_once")
def test_a_plan_to_go_back_tells_how_far_it_is_and_ends_when_nobody_waits(
    client: Client, served_project: Project
) -> None:
    client.post(f"/phases/{PHASE}/spec", FIELDS["spec"])
    plain = client.get("/recover/plan?to=position:1").data
    with watching(client, "GET", "/recover/plan?to=position:1") as stream:
        *before, (_, answer) = told(stream)
    assert {**answer["document"]["data"], "seconds": 0} == {**plain, "seconds": 0}
    assert before[-1][1] == {"part": 3, "what": "events verified for trial", "total": 1, "done": 1}
    telling, parts = Telling(), []

    def metering(total: int, what: str = "events") -> Meter:
        parts.append((what, total))
        telling.nobody = len(parts) == 2
        return telling.metering(total, what)

    with pytest.raises(Left):
        plan_to(served_project._replace(metering=metering), "position:1", from_backups=False)
    size = served_project.log.moment().position
    assert parts == [("events counted", size - 1), ("events written for trial", 1)]


@pytest.mark.usefixtures("at_once")
def test_a_bug_is_told_as_one_and_nothing_of_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr("api.operating.rebuilt", broken)
    with watching(client, "POST", "/rebuild", b"{}") as stream:
        (*_, (_, answer)) = told(stream)
    assert (answer["status"], answer["document"]["code"]) == (500, "BUG") and "inside" not in str(answer)
    assert client.get("/doctor?quick=true").status == 200


@pytest.mark.usefixtures("at_once")
def test_an_event_stream_is_asked_to_be_passed_on_at_once_and_comes_to_nobody_who_does_not_take_it(
    client: Client,
) -> None:
    with watching(client, "POST", "/rebuild", b"{}") as stream:
        assert stream.headers["x-accel-buffering"] == "no" and told(stream)[-1][0] == "answer"
    for taken in ("application/json, text/event-stream;q=0", "Text/Event-Stream; q=0.000"):
        assert client.post("/rebuild", Accept=taken).headers["content-type"] == "application/json", taken
    kept = client.post("/rebuild", Accept="application/json;q=0, text/event-stream;q=0.5")
    assert kept.headers["content-type"].startswith(EVENTS)


def test_whoever_leaves_ends_a_rebuild_among_its_files(project: Project) -> None:
    with served(project) as anybody:
        client = anybody.shows(issued(project))
        for phase in ("st01-a", "st02-b"):
            assert client.post(f"/phases/{phase}/spec", FIELDS["spec"]).status == 200
            project.places.document(phase, Step.SPEC).unlink()
    telling = Telling()

    def metering(total: int, what: str = "events") -> Meter:
        telling.nobody = what == "phases"
        return telling.metering(total, what)

    with pytest.raises(Left):
        rebuilt(project._replace(metering=metering), check=False)
    assert telling.reached is not None and (telling.reached.what, telling.reached.total) == ("phases", 2)
    there = [project.places.document(phase, Step.SPEC).exists() for phase in ("st01-a", "st02-b")]
    assert sorted(there) == [False, True]


def test_what_is_done_within_a_moment_is_answered_as_ever(client: Client) -> None:
    with watching(client, "GET", "/doctor?phase=st99-none") as response:
        assert response.status == 404 and response.headers["content-type"] == "application/problem+json"
    assert client.get("/doctor", Accept="*/*").headers["content-type"] == "application/json"


@pytest.fixture
def project(folder: Any) -> Iterator[Project]:
    """Return a project of its own."""
    with opened(folder) as found:
        yield found


def test_work_has_as_long_as_it_takes_where_it_is_told_how_far_it_is(project: Project) -> None:
    token = issued(project)
    with served(project) as anybody:
        assert anybody.shows(token).post(f"/phases/{PHASE}/spec", FIELDS["spec"]).status == 200
    with served(project, bounds=WIDE._replace(seconds=2.0)) as anybody, ThreadPoolExecutor(1) as pool:
        client = anybody.shows(token)
        held = Workspace(project.places).locked(PHASE)
        held.__enter__()
        late: Reply = client.post("/rebuild")
        assert late.code == "OPERATION_TIMEOUT"
        with watching(client, "POST", "/rebuild", b"{}") as stream:
            waits = pool.submit(told, stream)
            sleep(2.5)
            assert not waits.done()
            held.__exit__(None, None, None)
            assert waits.result(PATIENCE)[-1][1]["status"] == 200


def test_whoever_leaves_ends_the_work_and_gives_its_place_back() -> None:
    ended: list[str] = []

    def endless(metering: Metering) -> Response:
        try:
            with metering(1000, "events") as meter:
                while True:
                    meter.advance()
                    sleep(0.01)
        finally:
            ended.append("left")

    app = FastAPI()

    @app.get("/api/v1/endless")
    async def work(request: Request) -> Response:
        return await long_answer(request, endless)

    with running(app) as client:
        for turn in range(1, AT_ONCE + 2):  # one more than there are places
            with watching(client, "GET", "/endless") as stream:
                assert stream.status == 200 and stream.readline() == b"event: progress\n"
            until(lambda turn=turn: len(ended) == turn)  # type: ignore[misc]  # it is called at once
        sock = create_connection(("127.0.0.1", client.port))
        sock.sendall(b"GET /api/v1/endless HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
        sock.close()  # before anything is told
        until(lambda: len(ended) == AT_ONCE + 2)
        with long_work(), long_work():
            pass


@contextmanager
def running(app: FastAPI) -> Iterator[Client]:
    """Serve an application over a real socket."""
    with bound(HERE) as listening:
        server = Server(Config(app, log_config=None))
        thread = Thread(target=lambda: server.run(sockets=[listening]), daemon=True)
        thread.start()
        until(lambda: server.started)
        yield Client(listening.getsockname()[1])
        server.should_exit = True
        thread.join(PATIENCE)


def test_work_that_nobody_waits_for_ends_at_its_next_step() -> None:
    telling = Telling()
    with telling.metering(10, "events") as meter:
        meter.advance(3)
        assert telling.reached == (1, "events", 10, 3)
        telling.nobody = True
        with pytest.raises(Left):
            meter.advance()


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("takes", [EVENTS, "application/json"])
def test_log_figures_and_traces_say_that_whoever_waited_has_left(project: Project, takes: str) -> None:
    token, scraper = issued(project), issued(project, Scope.METRICS)
    with collector() as (url, spans), served(project, settings={**IN_SILENCE, "tracing.endpoint": url}) as anybody:
        client = anybody.shows(token)
        assert client.post(f"/phases/{PHASE}/spec", FIELDS["spec"]).status == 200
        with Workspace(project.places).locked(PHASE):
            with create_connection(("127.0.0.1", client.port)) as leaving:
                head = f"POST /api/v1/rebuild HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
                sent = f"Content-Type: application/json\r\nContent-Length: 2\r\nAccept: {takes}\r\n\r\n{{}}"
                leaving.sendall((head + sent).encode())
                if takes == EVENTS:
                    assert leaving.recv(12) == b"HTTP/1.1 200"
                else:
                    sleep(0.5)
            sleep(0.5)
        (line,) = [each for each in logged(project, until='"rebuild"') if each.get("operation") == "rebuild"]
        assert (line["outcome"], line["level"], line.get("code")) == ("gone", "info", None)
        counts = figures(anybody.shows(scraper))["orch_operation_seconds_count"]
        assert counts["rebuild", "gone"] == 1 and ("rebuild", "recorded") not in counts
    (span,) = [each for each in spans if each.name == "rebuild"]
    assert attributes(span)["orch.outcome"] == "gone"


@pytest.mark.usefixtures("at_once")
def test_whoever_stays_to_the_end_or_follows_the_log_has_not_left(project: Project) -> None:
    with served(project) as anybody:
        client = anybody.shows(issued(project))
        with watching(client, "POST", "/rebuild", b"{}") as stream:
            assert told(stream)[-1][0] == "answer"
        with watching(client, "GET", "/events?after=0") as stream:
            assert stream.readline().startswith(b": the log")
        outcomes = {each.get("operation"): each.get("outcome") for each in logged(project, until='"follow"')}
    assert (outcomes["rebuild"], outcomes["follow"]) == ("recorded", "answered")

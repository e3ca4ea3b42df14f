"""What the service tells of itself: figures, lines of a log, ids that tie them together; and nothing secret."""

import socket
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from adapters.drills import remember
from adapters.envelope import envelope_of
from adapters.service_log import COMBINED, ERRORS
from adapters.workspace import Workspace
from api import coming, metrics
from api.heard import heard_in
from api.metrics import FIGURES
from domain.access_token import Scope
from tests.api.served import Client, issued, served, until
from usecases.figures import figures_of
from usecases.project import Project

SPEC = {"objectives": ["Round trip below 10 ms"]}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture(scope="module")
def scraper(client: Client, served_project: Project) -> Client:
    return client.shows(issued(served_project, Scope.METRICS))


def figures(scraper: Client) -> dict[str, dict[tuple[str, ...], float]]:
    """Return every sample by its name, and by the values of its labels in alphabetical order of their names."""
    reply = scraper.get("/metrics")
    assert reply.status == 200 and reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(reply.body.decode()):
        for sample in family.samples:
            labels = tuple(sample.labels[name] for name in sorted(sample.labels))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def logged(project: Project, name: str = COMBINED, *, until: str) -> list[dict[str, Any]]:
    """Return the lines of a log once one with these words is written."""
    file = project.places.state / "logs" / name
    for _ in range(500):
        if file.exists() and until in file.read_text():
            break
        time.sleep(0.01)
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]


def test_operations_are_counted_by_their_id_and_by_what_became_of_them(client: Client, scraper: Client) -> None:
    key = {"Idempotency_Key": "twice"}
    client.post("/phases/st01-x/spec", SPEC, **key)
    client.post("/phases/st01-x/spec", SPEC, **key)
    client.post("/phases/st01-x/plan", {"architecture_overview": "x"})
    client.post("/phases/st01-x/spec", {"nonsense": 1})
    client.get("/phases/st99-none")
    client.get("/nothing/st01-x/secret-path")
    client.shows(None).get("/phases")
    found = figures(scraper)
    counts = found["orch_operation_seconds_count"]
    for labels in (
        *(("draft_spec", "recorded"), ("draft_spec", "repeated"), ("draft_spec", "invalid")),
        *(("draft_plan", "refused"), ("status_of", "not_found"), ("list_phases", "unauthenticated")),
        ("none", "not_found"),
    ):
        assert counts[labels] >= 1, labels
    assert found["orch_refusals_total"]["WORKFLOW_VIOLATION",] >= 1
    assert found["orch_suspicious_requests_total"]["schema_violations",] >= 1
    assert found["process_resident_memory_bytes"][()] > 0
    until(lambda: figures(scraper)["orch_requests_running"][()] == 1)  # the one before may just be ending
    assert "secret-path" not in scraper.get("/metrics").body.decode()


def test_figures_say_nobodys_name_and_no_phase(client: Client, scraper: Client) -> None:
    client.post("/phases/st02-named/spec", SPEC)
    text = scraper.get("/metrics").body.decode()
    assert "st02" not in text and "grace" not in text and "ada" not in text


def test_only_the_scope_metrics_opens_them(client: Client, served_project: Project, scraper: Client) -> None:
    assert client.shows(None).get("/metrics").code == "UNAUTHENTICATED"
    for scope in Scope:
        reply = client.shows(issued(served_project, scope)).get("/metrics")
        assert reply.status == (200 if scope is Scope.METRICS else 403), scope
    assert scraper.get("/phases").code == "FORBIDDEN"


def test_what_costs_something_is_looked_up_once_in_a_while(scraper: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic() + metrics.EVERY_SECONDS
    monkeypatch.setattr(metrics, "monotonic", lambda: now)
    assert figures(scraper)["orch_figures_age_seconds"][()] == 0
    monkeypatch.setattr("api.telemetry.figures_of", lambda _: pytest.fail("looked again"))
    now += metrics.EVERY_SECONDS - 1
    assert figures(scraper)["orch_figures_age_seconds"][()] == pytest.approx(metrics.EVERY_SECONDS - 1)


def test_what_is_at_risk_is_told_as_doctor_tells_it(folder: Path, served_project: Project) -> None:
    del folder
    found = figures_of(served_project)
    position = served_project.log.moment().position
    assert found.unknown == () and found.figures["log_position"] == position
    assert found.figures["uncovered_events"] == found.figures["unshipped_events"] == position
    assert (
        found.figures["rpo_seconds"] > 0 and found.figures["log_bytes"] > 10_000 and "rto_seconds" not in found.figures
    )
    drill: Any = {"at": "2026-11-24T14:00:00.000000Z", "passed": True, "why": None, "folder": "x", "copy": "c"}
    drill |= {"position": 1, "bytes": 1, "root": None, "state_digest": None, "unshipped": 0, "seconds": 1.5}
    remember(served_project.places.drills, drill)
    found = figures_of(served_project)
    assert found.figures["rto_seconds"] == 1.5 and found.figures["drill_passed"] == 1.0
    assert found.figures.keys() <= FIGURES.keys()


def test_a_part_that_cannot_be_looked_at_leaves_the_others(served_project: Project) -> None:
    served_project.places.drills.unlink(missing_ok=True)
    served_project.places.drills.mkdir()
    found = figures_of(served_project)
    served_project.places.drills.rmdir()
    assert found.unknown == ("drill",) and found.figures["log_position"] > 0


def test_how_long_it_took_to_recover_is_told(client: Client, scraper: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.post("/phases/st03-x/spec", SPEC)
    before = figures(scraper)["orch_error_recovery_seconds_count"][()]
    with monkeypatch.context() as patched:
        patched.setattr(Workspace, "locked", _broken)
        assert client.post("/phases/st03-x/spec", SPEC).status == 500
    assert client.post("/phases/st03-x/spec", {"objectives": ["b"]}).status == 200
    found = figures(scraper)
    assert found["orch_error_recovery_seconds_count"][()] == before + 1
    assert found["orch_operation_seconds_count"]["draft_spec", "bug"] >= 1


def _broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError("canary-in-an-error /srv/secret/place SELECT * FROM secrets")


def test_a_request_has_an_id_that_stands_in_its_line(client: Client, served_project: Project) -> None:
    reply = client.get("/phases", X_Request_Id="mine-1")
    assert reply.headers["x-request-id"] == "mine-1"
    made = client.get("/phases").headers["x-request-id"]
    assert len(made) == 36
    lines = logged(served_project, until=made)
    (line,) = (line for line in lines if line.get("request_id") == "mine-1")
    assert line["operation"] == "list_phases" and line["status"] == 200 and line["outcome"] == "answered"
    assert line["address"] == "127.0.0.1" and line["duration_ms"] > 0 and len(line["token"]) == 12
    assert len(line["trace_id"]) == 32 and line["level"] == "info"


def test_what_lingers_after_an_answer_is_no_part_of_how_long_it_took(
    client: Client, served_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coming, "LINGER_SECONDS", 4.0)
    head = b"POST /x HTTP/1.1\r\nHost: evil\r\nX-Request-Id: linger-1\r\nContent-Length: 9\r\n\r\n"
    with socket.create_connection(("127.0.0.1", client.port), timeout=20) as slow:
        slow.sendall(head)
        began = time.monotonic()
        while slow.recv(4096):
            pass
        assert time.monotonic() - began > 3.5, "it lingered"
    lines = logged(served_project, until="linger-1")
    (line,) = (line for line in lines if line.get("request_id") == "linger-1")
    assert line["status"] == 421 and line["duration_ms"] < 3500


@pytest.mark.parametrize("given", ["a b", "x" * 129, "é", "", "a\tb", '"'])
def test_an_id_that_is_not_well_formed_is_not_repeated(given: str, client: Client) -> None:
    reply = client.get("/phases", X_Request_Id=given.encode().decode("latin-1"))
    assert len(reply.headers["x-request-id"]) == 36


def test_every_answer_has_an_id(client: Client) -> None:
    for reply in (
        client.shows(None).get("/phases"),
        client.get("/phases", Host="evil.example.org"),
        client.get("/nothing"),
        client("POST", "/phases/st01-x/spec", b"x", Content_Type="text/plain"),
    ):
        assert reply.headers["x-request-id"], reply


def test_what_is_recorded_names_the_trace_it_belongs_to(client: Client, served_project: Project) -> None:
    position = client.post("/phases/st04-x/spec", SPEC, traceparent=PARENT).data["position"]
    (record,) = served_project.log.records(position, position)
    assert envelope_of(record)["correlation"] == TRACE
    request = client.post("/phases/st04-x/spec", {"objectives": ["b"]})
    line = logged(served_project, until=request.headers["x-request-id"])[-1]
    (record,) = served_project.log.records(request.data["position"], request.data["position"])
    assert envelope_of(record)["correlation"] == line["trace_id"] and line["position"] == request.data["position"]


@pytest.mark.parametrize(
    "given",
    [
        *("", "00", f"ff-{TRACE}-00f067aa0ba902b7-01", f"00-{'0' * 32}-00f067aa0ba902b7-01", f"{PARENT}-x"),
        *(f"00-{TRACE}-{'0' * 16}-01", PARENT.upper(), f"00-{TRACE[1:]}-00f067aa0ba902b7-01"),
    ],
)
def test_a_trace_that_is_not_well_formed_is_a_new_one(given: str) -> None:
    scope = {"headers": [(b"traceparent", given.encode())]}
    assert heard_in(scope).trace != TRACE and len(heard_in(scope).trace) == 32
    later = {"headers": [(b"traceparent", f"01-{TRACE}-00f067aa0ba902b7-01-more".encode())]}
    assert heard_in(later).trace == TRACE
    twice = {"headers": [(b"traceparent", PARENT.encode())] * 2}
    assert heard_in(twice).trace != TRACE


def test_a_bug_is_logged_with_its_places_and_without_its_words(
    client: Client, served_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post("/phases/st05-x/spec", SPEC)
    monkeypatch.setattr(Workspace, "locked", _broken)
    reply = client.post("/phases/st05-x/spec", SPEC)
    for word in ("canary", "Traceback", "/srv", "SELECT", "RuntimeError", ".py"):
        assert word not in reply.body.decode()
    found = logged(served_project, ERRORS, until=reply.headers["x-request-id"])
    (bug,) = (line for line in found if line["event"] == "bug" and line["request_id"] == reply.headers["x-request-id"])
    assert bug["error"][-1]["error"] == "RuntimeError" and "test_telemetry.py" in bug["error"][-1]["at"][-1]
    assert "canary" not in str(found) and "SELECT" not in str(found)


@pytest.fixture
def canaries(client: Client, served_project: Project) -> list[str]:
    """Ask with secrets in every place that a request has, and return them."""
    token = client.token or ""
    shown = ["canary-text", "canary-query", "canary-path", "canary-agent", "canary-basic", "canary-cookie", token]
    client.post("/phases/st06-canary-text/spec", {"objectives": ["canary-text"]})
    client.post("/phases/canary-path!/spec", {"objectives": ["canary-text"], "canary-text": 1})
    client.get(f"/phases?token={token}&at=canary-query")
    client.get("/canary-path/%0d%0aSet-Cookie:x", User_Agent="canary-agent", Cookie="canary-cookie=1")
    client("POST", "/phases/st06-x/spec", b'{"canary-text": ')
    client.shows(None)("GET", "/phases", None, Authorization="Basic canary-basic")
    client.shows(token[:-1] + "_").get("/phases")
    client.get("/phases", Referer="https://x/?canary-query", Idempotency_Key="canary-text")
    with socket.create_connection(("127.0.0.1", client.port)) as raw:  # not HTTP at all
        raw.sendall(b"canary-text \x1b[31m\r\n\r\n")
        raw.recv(100)
    last = client.get("/phases").headers["x-request-id"]
    logged(served_project, until=last)
    return shown


def test_no_secret_and_no_text_reaches_a_log_or_a_figure(
    canaries: list[str], scraper: Client, served_project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    logs = served_project.places.state / "logs"
    told = "".join(path.read_text() for path in logs.iterdir()) + scraper.get("/metrics").body.decode()
    told += capfd.readouterr().err
    assert "draft_spec" in told
    for canary in canaries:
        assert canary not in told, canary
    assert "\x1b" not in told and "Set-Cookie" not in told and "?" not in told.replace("?***", "")


def test_a_log_that_cannot_be_written_stops_no_command(folder: Path) -> None:
    from tests.api.served import opened

    logs = folder / ".orch" / "logs"
    logs.mkdir(mode=0o700)
    (logs / COMBINED).symlink_to("/dev/full")
    with opened(folder) as project, served(project) as client:
        holder = client.shows(issued(project))
        assert holder.post("/phases/st01-x/spec", SPEC).status == 200
        until(lambda: figures(holder)["orch_log_lines_lost_total"][()] >= 1)


def test_two_services_of_one_folder_keep_their_logs_apart(folder: Path) -> None:
    from tests.api.served import opened

    with opened(folder) as project, served(project) as one, served(project) as other:
        holder = one.shows(issued(project))
        first = holder.get("/phases").headers["x-request-id"]
        second = other.shows(holder.token).get("/phases").headers["x-request-id"]
        lines = logged(project, until=first)
        time.sleep(0.2)
    assert any(line.get("request_id") == first for line in lines)
    assert second not in (folder / ".orch" / "logs" / COMBINED).read_text()

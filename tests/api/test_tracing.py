"""OpenTelemetry: one span for each operation reaches a real collector over HTTP, and no text does."""

from collections.abc import Iterator
from contextlib import contextmanager
from gzip import decompress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import run
from sys import executable
from threading import Thread

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from adapters.envelope import envelope_of
from api import tracing
from domain.errors import Unavailable
from tests.api.served import environment, issued, opened, served

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPEC = {"objectives": ["canary-text"]}


@contextmanager
def collector(status: int = 200) -> Iterator[tuple[str, list[Span]]]:
    """Take spans as an OpenTelemetry collector does: OTLP, protobuf over HTTP."""
    spans: list[Span] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that the server calls
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = decompress(body)
            sent = ExportTraceServiceRequest.FromString(body)
            spans.extend(span for r in sent.resource_spans for scope in r.scope_spans for span in scope.spans)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/traces", spans
    finally:
        server.shutdown()
        server.server_close()


def attributes(span: Span) -> dict[str, object]:
    return {
        each.key: each.value.int_value if each.value.HasField("int_value") else each.value.string_value
        for each in span.attributes
    }


def test_every_operation_is_a_span_in_the_trace_of_its_client(folder: Path) -> None:
    with opened(folder) as project, collector() as (url, spans):
        with served(project, settings={"tracing.endpoint": url}) as client:
            holder = client.shows(issued(project))
            done = holder.post("/phases/st01-x/spec", SPEC, traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
            other = holder.post("/phases/st02-x/spec", SPEC, traceparent="nonsense")
            holder.post("/phases/st01-x/plan", {"architecture_overview": "canary-text"})
            holder.get("/health/live")
            holder.get("/nothing/canary-path")
            position = other.data["position"]
        (record,) = project.log.records(position, position)
    assert [span.name for span in spans] == ["draft_spec", "draft_spec", "draft_plan", "none"]
    first, second, refused, _ = spans
    assert first.trace_id.hex() == TRACE and first.parent_span_id.hex() == "00f067aa0ba902b7"
    assert first.kind == Span.SPAN_KIND_SERVER and first.end_time_unix_nano > first.start_time_unix_nano
    said = attributes(first)
    assert said["orch.command"] == "draft_spec" and said["orch.outcome"] == "recorded"
    assert said["orch.position"] == done.data["position"] and said["http.response.status_code"] == 200
    assert said["orch.request_id"] == done.headers["x-request-id"]
    assert envelope_of(record)["correlation"] == second.trace_id.hex() != TRACE
    assert attributes(refused)["orch.code"] == "WORKFLOW_VIOLATION" and refused.status.code == Status.STATUS_CODE_UNSET
    assert b"canary" not in b"".join(span.SerializeToString() for span in spans)


def test_what_is_asked_for_by_a_whole_url_is_a_span_too(folder: Path) -> None:
    with (
        opened(folder) as project,
        collector() as (url, spans),
        served(project, settings={"tracing.endpoint": url}) as client,
    ):
        token = issued(project)
        for path in ("/api/v1/phases", "/health/live"):
            connection = HTTPConnection("127.0.0.1", client.port)
            sent = {"Authorization": f"Bearer {token}", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
            connection.request("GET", f"http://localhost{path}", headers=sent)
            assert connection.getresponse().status == 200
            connection.close()
    (span,) = spans
    assert (span.name, span.trace_id.hex()) == ("list_phases", TRACE)


def test_a_collector_that_is_away_changes_no_answer(folder: Path) -> None:
    with opened(folder) as project, collector(status=400) as (url, _):
        for endpoint in (url, "http://127.0.0.1:9/v1/traces"):
            with served(project, settings={"tracing.endpoint": endpoint}) as client:
                reply = client.shows(issued(project)).get("/phases")
                assert reply.status == 200


def test_the_variables_of_opentelemetry_switch_it_on_and_off(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tracing.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert tracing.tracing_to(None) is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    found = tracing.tracing_to(None)
    assert found is not None
    found.close()
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert tracing.tracing_to(None) is None


def test_without_the_packages_it_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "find_spec", lambda _: None)
    with pytest.raises(Unavailable, match="not installed"):
        tracing.tracing_to("http://127.0.0.1:9")


def test_nothing_of_it_is_loaded_unless_it_is_wanted() -> None:
    words = "import sys, api.server; sys.exit(any(name.startswith('opentelemetry.sdk') for name in sys.modules))"
    assert run([executable, "-c", words], env=environment()).returncode == 0

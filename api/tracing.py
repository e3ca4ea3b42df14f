"""OpenTelemetry, where a collector is configured: one span for each operation, and no text in any."""

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from api.description import ROOT
from api.heard import Heard
from api.outcomes import FAILURES, Outcome
from api.targets import path_in
from domain.errors import PackageMissing
from usecases.release import VERSION

if TYPE_CHECKING:
    from opentelemetry.trace import Span
    from starlette.types import Scope

VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""Of the OpenTelemetry specification; either switches tracing on, as the setting does."""
END_MS = 5000


def tracing_to(endpoint: str | None) -> "Tracing | None":
    """Return what makes spans, or None where nobody collects them. Raises `PackageMissing` without the packages."""
    if endpoint is None and not any(os.environ.get(name) for name in VARIABLES):
        return None
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    if find_spec("opentelemetry.sdk") is None or find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        raise PackageMissing(
            "Tracing needs OpenTelemetry, which is not installed.", fix=('pip install "nss-orchestrator[otel]"',)
        )
    return Tracing(endpoint)


class Tracing:
    """Makes spans and sends them aside, by OTLP over HTTP. The variables of OpenTelemetry say the rest."""

    def __init__(self, endpoint: str | None) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        name = os.environ.get("OTEL_SERVICE_NAME") or "orchestrator"
        resource = Resource.create({"service.name": name, "service.version": VERSION})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
        self._tracer = self._provider.get_tracer("orchestrator", VERSION)

    def begin(self, scope: "Scope", heard: Heard) -> "Span | None":
        """Begin the span of an operation on the project; its trace is the one that the client names, or a new one."""
        if not path_in(scope).startswith(f"{ROOT}/"):
            return None
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carrier = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name in (b"traceparent", b"tracestate")
        }
        context = TraceContextTextMapPropagator().extract(carrier)
        span = self._tracer.start_span("operation", context=context, kind=SpanKind.SERVER)
        heard.trace = f"{span.get_span_context().trace_id:032x}"
        return span

    def end(self, span: "Span", operation: str, outcome: Outcome, status: int, heard: Heard) -> None:
        """End it and say what became of it: names of a closed list and numbers."""
        from opentelemetry.trace import StatusCode

        span.update_name(operation)
        said: dict[str, Any] = {
            "orch.command": operation,
            "orch.outcome": outcome.value,
            "orch.request_id": heard.request,
            "http.response.status_code": status,
        }
        if heard.code:
            said["orch.code"] = heard.code
        if heard.position is not None:
            said["orch.position"] = heard.position
        span.set_attributes(said)
        if outcome in FAILURES:
            span.set_status(StatusCode.ERROR)
        span.end()

    def close(self) -> None:
        """Send what waits."""
        self._provider.force_flush(END_MS)
        self._provider.shutdown()

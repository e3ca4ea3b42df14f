"""Around everything: sees every answer, and tells log, metrics, traces and the security monitor of it."""

from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.log_words import told_error
from api.heard import HEARD, Heard, heard_in
from api.outcomes import FAILURES, Outcome, outcome_of
from api.problems import HttpRefusal, bug
from api.security import kind_of, source_of
from api.telemetry import Telemetry

if TYPE_CHECKING:
    from opentelemetry.trace import Span

NOWHERE = "none"
"""The operation of a request that met none: paths are told nowhere, because they may say anything."""
QUIET = frozenset(("live", "ready", "health", "metrics"))
"""What asks all the time; its lines are for who debugs."""


class _Answer:
    """What was sent, as it went by."""

    def __init__(self, heard: Heard, send: Send) -> None:
        self._request, self._send = heard.request.encode(), send
        self.status = 0
        self.replayed = self.complete = self.is_broken = False
        self._began = monotonic()
        self._is_stream = False
        self.seconds: float | None = None
        """Until the last byte was sent, after which a connection may linger; of a stream until the first."""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message["headers"]
            message = {**message, "headers": [*headers, (b"x-request-id", self._request)]}
            self.replayed = any(name.lower() == b"idempotent-replayed" for name, _ in headers)
            if any(n.lower() == b"content-type" and v.startswith(b"text/event-stream") for n, v in headers):
                self._is_stream, self.seconds = True, self.elapsed
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            self.complete = True
        await self._send(message)
        if message.get("body") and not self._is_stream:
            self.seconds = self.elapsed

    @property
    def elapsed(self) -> float:
        return monotonic() - self._began


class Watched(NamedTuple):
    """One request and what became of it."""

    operation: str
    outcome: Outcome
    status: int
    seconds: float
    address: str
    heard: Heard


class Watch:
    """Lets every request pass and tells what became of it."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self._app, self._telemetry = app, telemetry
        self.running = 0
        telemetry.metrics.live["orch_requests_running"] = ("Requests that are being answered.", lambda: self.running)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        heard = heard_in(scope)
        tracing = self._telemetry.tracing
        span = tracing.begin(scope, heard) if tracing else None
        answer, known = _Answer(heard, send), HEARD.set(heard)
        self.running += 1
        try:
            await self._app(scope, receive, answer.send)
        except Exception as error:  # whatever it is, it is told here, and by nobody who would tell its words
            self._tell_bug(scope, heard, error)
            if not answer.status:
                heard.code = "BUG"
                await bug()(scope, receive, answer.send)
            elif not answer.complete:
                answer.is_broken = True
                raise
        finally:
            self.running -= 1
            HEARD.reset(known)
            self._tell(_watched(scope, heard, answer), span)
        return None

    def answered_unasked(self, refusal: HttpRefusal, address: str) -> str:
        """Tell of an answer to what was no request, or none in time, and return its id."""
        heard = heard_in({"headers": []})
        heard.code = refusal.code
        outcome = outcome_of(refusal.status, method="", code=refusal.code, replayed=False)
        self._tell(Watched(NOWHERE, outcome, refusal.status, 0.0, address, heard), None)
        return heard.request

    def _tell(self, seen: Watched, span: "Span | None") -> None:
        log, metrics, monitor, tracing = self._telemetry
        heard, failed = seen.heard, seen.outcome in FAILURES
        metrics.note(seen.operation, seen.outcome, seen.seconds, heard.code)
        level = "error" if failed else "debug" if seen.operation in QUIET and seen.status < 400 else "info"
        log.say(
            level,
            "request",
            operation=seen.operation,
            outcome=seen.outcome.value,
            status=seen.status,
            code=heard.code or None,
            duration_ms=round(seen.seconds * 1000, 3),
            token=heard.token or None,
            address=seen.address,
            request_id=heard.request,
            trace_id=heard.trace,
            position=heard.position,
        )
        kind = kind_of(heard, seen.status)
        if kind is not None:
            metrics.suspicious.labels(kind.value).inc()
            monitor.note(kind, source_of(heard, seen.address))
        if span is not None and tracing:
            tracing.end(span, seen.operation, seen.outcome, seen.status, heard)

    def _tell_bug(self, scope: Scope, heard: Heard, error: BaseException) -> None:
        words: dict[str, Any] = {"request_id": heard.request, "trace_id": heard.trace, "error": told_error(error)}
        self._telemetry.log.say("error", "bug", operation=_operation_in(scope), **words)


def _watched(scope: Scope, heard: Heard, answer: _Answer) -> Watched:
    is_cut_off = not (answer.complete or answer.is_broken or heard.is_followed)
    outcome = outcome_of(
        answer.status,
        method=scope["method"],
        code=heard.code,
        replayed=answer.replayed,
        has_left=heard.has_left or is_cut_off,
    )
    client = scope.get("client")
    address = scope.get("state", {}).get("address") or (client[0] if client else "")
    seconds = answer.elapsed if answer.seconds is None else answer.seconds
    return Watched(_operation_in(scope), outcome, answer.status, seconds, address, heard)


def _operation_in(scope: Scope) -> str:
    route = scope.get("route")
    return getattr(route, "operation_id", None) or getattr(route, "name", None) or NOWHERE

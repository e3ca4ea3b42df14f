"""Long work, and how far it is told: to whoever takes an event stream; all others are answered when it is done.

    event: progress
    data: {"part": 1, "what": "events", "total": 240000, "done": 51200}

    event: answer
    data: {"status": 200, "replayed": false, "document": {"ok": true, …}}

What is done within a moment is answered as ever, so that most refusals have their status. The last event has what
would have been answered. As long as it is told how far it is, no time is over; whoever leaves ends the work.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from math import inf
from time import monotonic
from typing import Any

import orjson
from anyio.to_thread import run_sync
from fastapi import Request
from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from adapters.service_work import EVENTS, Reached
from api.heard import note_left
from api.heavy import long_work
from api.problems import bug
from usecases.meters import Meter, Metering, unseen

PATIENCE_S = 1.0
"""What is done by then is answered as if nobody had wanted to see how far it is."""
EVERY_S = 0.25
"""How often it is told."""
STILL_THERE_S = 5.0
"""How often a line without meaning is sent, so that nothing between takes the connection for dead."""
PASSED_ON = {"X-Accel-Buffering": "no"}
"""Asks proxies that hold answers back until there is enough of them (nginx) to pass each event on as it comes."""
NOT_TAKEN = re.compile(r";[ \t]*q=0(\.0{0,3})?[ \t]*(;|$)", re.ASCII | re.IGNORECASE)
"""What is said of a media type that is not taken (RFC 9110, 12.4.2)."""


class Left(Exception):
    """Whoever waited is not there any more: nobody needs what is being done."""


class Telling(Meter):
    """Put down by the thread that works, read by whoever tells it."""

    def __init__(self) -> None:
        self.reached: Reached | None = None
        self.nobody = False
        """Whether whoever waited has left."""

    def metering(self, total: int, what: str = "events") -> Meter:
        """Begin the next part of the work."""
        self.reached = Reached(self.reached.part + 1 if self.reached else 1, what, total, 0)
        return self

    def advance(self, count: int = 1) -> None:
        """Say that so many more items are done. Raises `Left` where nobody waits for them."""
        if self.nobody:
            raise Left
        assert self.reached is not None
        self.reached = self.reached._replace(done=self.reached.done + count)


async def long_answer(request: Request, work: Callable[[Metering], Response]) -> Response:
    """Do long work and answer with what came of it; how far it is meanwhile is told to whoever takes that.

    Raises `HttpRefusal` where too many others are at it.
    """
    if not _wants_to_see(request):
        response = await run_sync(_alone, work, unseen)
        await note_left(request)
        return response
    telling = Telling()
    working = asyncio.ensure_future(run_sync(_alone, work, telling.metering))
    working.add_done_callback(_looked_at)
    try:
        await asyncio.wait({working}, timeout=_patience(request))
    except asyncio.CancelledError:
        telling.nobody = True
        raise
    if working.done():
        await note_left(request)
        return working.result()
    afterwards = BackgroundTask(_end, request, working, telling)
    events = _told(request, working, telling)
    return StreamingResponse(events, headers=PASSED_ON, media_type=EVENTS, background=afterwards)


def _alone(work: Callable[[Metering], Response], metering: Metering) -> Response:
    with long_work():
        return work(metering)


async def _told(request: Request, working: "asyncio.Future[Response]", telling: Telling) -> AsyncGenerator[bytes, None]:
    """Yield how far it is until it is done, and then the answer."""
    told: Reached | None = None
    said = monotonic()
    try:
        while not working.done():
            now = telling.reached
            if now is not None and now != told:
                yield _event("progress", orjson.dumps(now._asdict()))
                told, said = now, monotonic()
            elif monotonic() - said > STILL_THERE_S:
                yield b": still at it\n\n"
                said = monotonic()
            await asyncio.wait({working}, timeout=EVERY_S)
    finally:
        telling.nobody = True
    if telling.reached is not None and telling.reached != told:
        yield _event("progress", orjson.dumps(telling.reached._asdict()))
    response = await _answered(request, working)
    replayed = b"true" if response.headers.get("idempotent-replayed") == "true" else b"false"
    body = bytes(response.body).replace(b"\n", b" ")  # there is none within a text
    yield _event("answer", b'{"status":%d,"replayed":%s,"document":%s}' % (response.status_code, replayed, body))


async def _answered(request: Request, working: "asyncio.Future[Response]") -> Response:
    """Return what the application would have answered."""
    error = working.exception()
    if error is None:
        return working.result()
    handler = _handler_of(request, error)
    return await handler(request, error) if handler else bug()


async def _end(request: Request, working: "asyncio.Future[Response]", telling: Telling) -> None:
    """Let work end that nobody waits for, even if they had left before anything was told; raise what is a bug.

    It has been told by then, and its trace belongs into the log.
    """
    telling.nobody = True
    error = working.exception() if working.done() else None
    if error is not None and not _handler_of(request, error):
        raise error


def _handler_of(request: Request, error: BaseException) -> Any:
    """Return what answers for a kind of refusal; None for a bug."""
    handlers: dict[Any, Any] = request.app.exception_handlers
    kinds = (kind for kind in type(error).__mro__ if kind is not Exception)
    return next((handlers[kind] for kind in kinds if kind in handlers), None)


def _event(name: str, data: bytes) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), data)


def _wants_to_see(request: Request) -> bool:
    """Tell whether an event stream is named among what is taken; who takes anything wants one answer."""
    ranges = ",".join(request.headers.getlist("accept")).split(",")
    named = (each for each in ranges if each.partition(";")[0].strip().lower() == EVENTS)
    return any(NOT_TAKEN.search(each) is None for each in named)


def _patience(request: Request) -> float:
    """Return how long to wait before anything is told: not until somebody else answers, because it is late."""
    ends: float = request.scope.get("state", {}).get("ends", inf)
    return max(0.0, min(PATIENCE_S, (ends - monotonic()) / 2))


def _looked_at(working: "asyncio.Future[Response]") -> None:
    """Let nobody complain that an error was not asked for: whoever would have, has left."""
    if not working.cancelled():
        working.exception()

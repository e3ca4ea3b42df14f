"""Following the log: every event as it is recorded, and from where a client left off (Server-Sent Events)."""

import asyncio
from collections.abc import AsyncGenerator
from time import monotonic
from typing import Annotated, Any

import orjson
from anyio.to_thread import run_sync
from fastapi import Header, Query, Request
from starlette.responses import StreamingResponse

from api.asking import Reader, service_of
from api.heard import heard
from api.identity import authenticated, refuse_without
from api.parts import part
from api.problems import HttpRefusal
from api.progressing import PASSED_ON
from api.service import Service
from domain.access_token import Scope
from domain.errors import InvalidInput, Refusal
from domain.phase_ids import checked
from projections.history import history
from projections.imports import Imports
from usecases.reads import decoded, redactions_in

router = part(tags=["events"])
MOST = 50
"""Clients that follow at the same time."""
AT_ONCE = 200
"""Events that are read in one go."""
PAUSE_SECONDS = 0.25
STILL_THERE_SECONDS = 15.0
"""How often a line without meaning is sent, so that nothing between takes the connection for dead."""
After = Annotated[int | None, Query(ge=0, description="Begin after this position; otherwise with what is new.")]
LastId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", description="The position of the last event that was seen; stronger than `after`."),
]
OfPhase = Annotated[str | None, Query(description="Only events of this phase.")]


@router.get("/events", summary="Follow the log")
async def follow(
    ask: Reader, request: Request, after: After = None, last: LastId = None, phase: OfPhase = None
) -> StreamingResponse:
    """Send every event as it is recorded: `id` is its position, `event` its topic, `data` its row of the history."""
    if ask.at is not None:
        raise InvalidInput("The log is followed as it grows; begin at a position with after=N.")
    if phase is not None:
        checked(phase)
    service = service_of(request)
    if service.followers.count >= MOST:
        raise HttpRefusal(503, "UNAVAILABLE", f"{MOST} clients follow already.", headers={"Retry-After": "5"})
    begin = _position(last) if last is not None else after
    if begin is None:
        begin = (await run_sync(ask.project.log.moment)).position
    authorization = request.headers["authorization"]
    if (known := heard()) is not None:
        known.is_followed = True
    events = _events(service, authorization, begin, phase)
    return StreamingResponse(events, headers=PASSED_ON, media_type="text/event-stream")


async def _events(service: Service, authorization: str, after: int, phase: str | None) -> AsyncGenerator[bytes, None]:
    """Yield events until the client leaves, its token opens nothing any more, or the service ends."""
    imports, said = Imports(), monotonic()
    if service.followers.count >= MOST:  # others began since this one was asked; who comes again is told so
        return
    with service.followers:
        yield b": the log from position %d on\n\n" % (after + 1)
        while not service.is_ending():
            try:
                rows, after = await run_sync(
                    _next, service, authorization, after, imports, limiter=service.followers.threads
                )
            except (HttpRefusal, Refusal):  # whoever comes again is told why
                return
            for row in rows:
                if phase is None or row["phase"] == phase:
                    yield _told(row)
                    said = monotonic()
            if not rows:
                if monotonic() - said > STILL_THERE_SECONDS:
                    yield b": nothing new\n\n"
                    said = monotonic()
                await asyncio.sleep(PAUSE_SECONDS)


def _next(service: Service, authorization: str, after: int, imports: Imports) -> tuple[list[Any], int]:
    """Return the rows of the next events, for whoever may still see them, and the position they reach to."""
    project = service.project
    refuse_without([Scope.READ], authenticated(authorization, project.log, service.issuer))
    last = min(project.log.moment().position, after + AT_ONCE)
    if last <= after:
        return [], after
    records = decoded(project.log.records(after + 1, last))
    return list(history(records, redactions_in(project), imports)), last


def _told(row: Any) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (row["position"], row["topic"].encode(), orjson.dumps(row))


def _position(words: str) -> int:
    if not words.isascii() or not words.isdigit() or len(words) > 15:
        raise InvalidInput(f"A Last-Event-ID is the position of an event; got {words[:30]!r}.")
    return int(words)

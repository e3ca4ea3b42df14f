"""Whether the service is well; nobody needs a token for that, and nobody is told more than that."""

from http import HTTPStatus
from typing import Any

import orjson
from fastapi import Request
from starlette.responses import Response

from api.answering import MEDIA_TYPE
from api.asking import service_of
from api.checkup import unhealthy
from api.parts import part

router = part(root="", prefix="/health", tags=["health"])
OK = {"200": {"description": "It is well.", "content": {MEDIA_TYPE: {"schema": {"type": "object"}}}}}
SICK = {"503": {"description": "It is not, and why.", "content": {MEDIA_TYPE: {"schema": {"type": "object"}}}}}


@router.get("/live", summary="Whether the process answers", operation_id="live", responses=OK)  # type: ignore[arg-type]  # FastAPI takes words, too
async def live(request: Request) -> Response:
    """Return that it does; the log is not asked."""
    return _told(service_of(request).checkup.healthy())


@router.get("/orchestrator", summary="Whether every part works", operation_id="health", responses={**OK, **SICK})  # type: ignore[dict-item]  # as above
async def health(request: Request) -> Response:
    """Read the state, render a document and decide a command; a second later the answer may still be the same."""
    checkup = service_of(request).checkup
    found = await checkup.verdict()
    return _told(unhealthy(found.why) if found.why else checkup.healthy(found.tests))


@router.get("/ready", summary="Whether it takes work", operation_id="ready", responses={**OK, **SICK})  # type: ignore[dict-item]  # as above
async def ready(request: Request) -> Response:
    """Return whether every part works and new work is taken: not while it ends, nor while memory is short."""
    service = service_of(request)
    if service.is_ending():
        return _told(unhealthy("The service is ending."))
    if service.capacity.memory.is_full:
        return _told(unhealthy("The service takes as much memory as it may."))
    return await health(request)


def _told(document: dict[str, Any]) -> Response:
    sick = document["status"] != "healthy"
    headers = {"Retry-After": "1"} if sick else {}
    status = HTTPStatus.SERVICE_UNAVAILABLE if sick else HTTPStatus.OK
    return Response(orjson.dumps(document), status, headers, MEDIA_TYPE)

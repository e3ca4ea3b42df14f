"""Whether the service is there at all; nobody needs a token for that."""

from fastapi import APIRouter
from starlette.responses import Response

from api.answering import answer

router = APIRouter(tags=["health"])


@router.get("/health/live", summary="Whether the process answers", operation_id="live")
async def live() -> Response:
    """Return that it does; the log is not asked."""
    return answer("health.live", {"alive": True})

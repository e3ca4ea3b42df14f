"""What Prometheus asks: /metrics, for whoever shows a token with the scope metrics."""

from typing import Annotated, Any

from fastapi import Request, Security
from prometheus_client import generate_latest
from starlette.responses import Response

from api.asking import Bearer, admitted
from api.identity import Identity
from api.parts import part
from api.problems import MEDIA_TYPE as PROBLEM
from api.telemetry import Telemetry
from domain.access_token import Scope

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"description": words, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for status, words in {
        401: "No token, or one that opens nothing.",
        403: "The token lacks the scope metrics.",
        429: "Too often; repeat after Retry-After.",
        503: "Not available now.",
    }.items()
}

router = part(root="", tags=["health"])


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    operation_id="metrics",
    response_class=Response,
    responses={200: {"description": "The text format of Prometheus.", "content": {"text/plain": {}}}, **REFUSALS},
)
def metrics(_: Annotated[Identity, Security(Bearer(admitted), scopes=[Scope.METRICS])], request: Request) -> Response:
    """Return every figure. What costs something to find is at most 15 seconds old."""
    telemetry: Telemetry = request.app.state.telemetry
    return Response(generate_latest(telemetry.metrics.registry), media_type=MEDIA_TYPE)

"""Places in the log to come back to; the way back itself is for whoever runs the service."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.answering import answer, handled
from api.asking import PresentRecoverer, Recoverer, RecoveryReader, refuse_files
from api.heavy import long_work
from api.words import Text, Words
from domain.commands import NamePoint
from domain.restore_point import stream_of
from usecases.going_back import losses
from usecases.points import points

To = Annotated[str, Query(description="The moment to go back to.", examples=["position:5"])]
router = APIRouter(prefix="/recover", tags=["recovery"])


class Point(Words):
    """A name for a position, or for the end of the log as it is now."""

    name: Annotated[str, Field(examples=["before-release"])]
    position: Annotated[int | None, Field(ge=1)] = None
    reason: Text = ""


@router.get("/points", summary="The restore points")
def list_points(ask: RecoveryReader) -> Response:
    """Return the restore points in the order of the log."""
    return answer("recover.points", points(ask.project, ask.at))


@router.get("/diff", summary="What going back would lose")
def losses_of(ask: PresentRecoverer, to: To) -> Response:
    """Return, phase by phase, what would be lost by going back to a moment; nothing is changed."""
    refuse_files(to)
    with long_work():
        return answer("recover.diff", losses(ask.project, to))


@router.post("/points", summary="Give a place in the log a name")
def name_point(ask: Recoverer, words: Point) -> Response:
    """Name a position. It is an event like any other, and never moves; a repeated request names what it named."""
    stream = stream_of(words.name)
    position = words.position
    if position is None:
        known = ask.project.log.heads([stream])[1].get(stream) if ask.project.log.receipt(ask.command_id) else None
        position = int(known.facts["position"]) if known else ask.project.log.moment().position
    return handled(ask, NamePoint(ask.meta(stream=stream), words.name, position, words.reason), stream=stream)

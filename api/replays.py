"""History event by event, with the state after each."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api.asking import Auditor, Reader, Reading, refuse_files
from api.audit import MOST, Cursor, Limit, Since, Until, page
from api.parts import part
from api.words import PhaseId
from domain.steps import Step
from usecases.reads import view_of_phase
from usecases.replay import replayed
from usecases.trail import Filters

router = part(tags=["reads"])
OfStep = Annotated[Step | None, Query(description="Only events about that step.")]


@router.get("/phases/{phase}/replay", summary="A phase event by event")
def replay_phase(
    ask: Reader,
    request: Request,
    phase: PhaseId,
    step: OfStep = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = 0,
    limit: Limit = MOST,
) -> Response:
    """Return who did what when, and the state after it with what changed; the next page is where the Link leads."""
    view_of_phase(ask.project, phase, ask.at)
    return _page(ask, request, phase, step, since, until, cursor, limit)


@router.get("/audit/replay", summary="The whole log event by event", tags=["audit"])
def replay_log(
    ask: Auditor,
    request: Request,
    step: OfStep = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = 0,
    limit: Limit = MOST,
) -> Response:
    """As for a phase, over all streams of the log."""
    return _page(ask, request, None, step, since, until, cursor, limit)


def _page(
    ask: Reading,
    request: Request,
    phase: str | None,
    step: Step | None,
    since: str | None,
    until: str | None,
    cursor: int,
    limit: int,
) -> Response:
    for moment in (since, until):
        refuse_files(moment)
    wanted = Filters(None, None, phase, step, None, since, until, forced=False)
    return page("audit.replay", replayed, ask, request, wanted, cursor, limit)

"""What auditors ask: every event, page by page."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from starlette.responses import Response

from api.answering import answer, lead_on
from api.asking import Auditor, Reading, refuse_files
from api.parts import part
from domain.actors import ActorKind
from domain.steps import Step
from projections.moments import as_of
from usecases.project import Project
from usecases.reviews import reviews
from usecases.trail import Filters, Scope, rows_in, scope_of

router = part(prefix="/audit", tags=["audit"])
MOST = 1000
Name = Annotated[str | None, Query(description="Only by that name.")]
Phase = Annotated[str | None, Query(description="Only that phase.")]
Topic = Annotated[str | None, Query(description="Only that topic, or all below it: phase.")]
Since = Annotated[str | None, Query(alias="from", description="From a time or position:N on.")]
Until = Annotated[str | None, Query(alias="to", description="Up to a time or position:N.")]
Cursor = Annotated[int, Query(ge=0, description="Go on after this position; the Link of a page names it.")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="At most so many rows.")]


def filters(
    actor: Name = None,
    kind: ActorKind | None = None,
    phase: Phase = None,
    step: Step | None = None,
    topic: Topic = None,
    since: Since = None,
    until: Until = None,
    forced: bool = False,
) -> Filters:
    """Return the filters that reads of the trail share."""
    for moment in (since, until):
        refuse_files(moment)
    return Filters(actor, kind, phase, step, topic, since, until, forced)


Filtered = Annotated[Filters, Depends(filters)]


@router.get("/reviews", summary="Who reviewed what")
def list_reviews(ask: Auditor) -> Response:
    """Return the reviews, each held against the log as it is, and what nobody has reviewed."""
    return answer("audit.reviews", reviews(ask.project, ask.at))


@router.get("/trail", summary="Every event of the log")
def trail(ask: Auditor, request: Request, wanted: Filtered, cursor: Cursor = 0, limit: Limit = MOST) -> Response:
    """Return who did what, when and why, from which state to which; the next page is where the Link leads."""
    return page("audit.trail", rows_in, ask, request, wanted, cursor, limit)


def page(
    kind: str,
    rows_of: Callable[[Project, Scope], Iterable[Mapping[str, Any]]],
    ask: Reading,
    request: Request,
    wanted: Filters,
    cursor: int,
    limit: int,
) -> Response:
    """Answer with the rows behind a position, and name the next page where there is one."""
    scope = scope_of(ask.project, ask.at, wanted)
    scope = scope._replace(wanted=scope.wanted._replace(first=max(scope.wanted.first, cursor + 1)))
    found = list(islice(rows_of(ask.project, scope), limit + 1))
    rows, more = found[:limit], len(found) > limit
    response = answer(kind, {"rows": rows, "more": more, "as_of": as_of(scope.moment)})
    if more:
        lead_on(response, request, cursor=rows[-1]["position"], position=scope.moment.position)
    return response

"""Reads: phases, one by one and all together, as they are or as they were at a moment."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api.answering import answer, lead_on, version_of
from api.asking import Reader, refuse_files
from api.parts import part
from api.words import PhaseId
from domain.errors import InvalidInput
from domain.steps import Step
from usecases.advice import MOST
from usecases.advised import next_steps
from usecases.dashboard import dashboard
from usecases.diff import refuse_mixed, state_changes, text_changes
from usecases.history import history
from usecases.phase_list import phases
from usecases.progress import progress, progress_of
from usecases.reasons import why
from usecases.status import status
from usecases.task_list import Wanted, tasks

router = part(tags=["reads"])
Limit = Annotated[int, Query(ge=1, le=10_000, description="Show at most so many; the others are counted.")]
Since = Annotated[str | None, Query(alias="from", description="The older iteration (2) or moment (position:5).")]
Until = Annotated[str | None, Query(alias="to", description="The newer one; otherwise the latest.")]
Cursor = Annotated[str | None, Query(description="Go on after this phase; the Link of a page names it.")]
PageSize = Annotated[int | None, Query(ge=1, le=10_000, description="At most so many rows; otherwise all.")]
StepMaybe = Annotated[Step | None, Query(description="A step; without one, the handoff.")]


@router.get("/phases", summary="All phases, a row each")
def list_phases(ask: Reader, request: Request, cursor: Cursor = None, limit: PageSize = None) -> Response:
    """Return all phases with their current step and what they wait for; with a limit, page by page."""
    found = phases(ask.project, ask.at)
    names = [row["phase"] for row in found["rows"]]
    if cursor is not None and cursor not in names:
        raise InvalidInput("A cursor is where a page has led to; begin without one.")
    first = names.index(cursor) + 1 if cursor is not None else 0
    rows = found["rows"][first:][:limit]
    response = answer("phase.list", {**found, "rows": rows})
    if first + len(rows) < len(names):
        lead_on(response, request, cursor=rows[-1]["phase"], position=found["as_of"]["position"])
    return response


@router.get("/phases/{phase}", summary="Where a phase stands")
def status_of(ask: Reader, phase: PhaseId) -> Response:
    """Return where a phase stands, what blocks it and the next command."""
    version = version_of(ask.project.head(phase)) if ask.at is None else None
    return answer("phase.status", status(ask.project, phase, ask.at), version=version)


@router.get("/phases/{phase}/history", summary="What happened to a phase")
def history_of(ask: Reader, phase: PhaseId) -> Response:
    """Return what happened to a phase: who, when, what and why, in the order of the log."""
    return answer("phase.history", history(ask.project, phase, ask.at))


@router.get("/phases/{phase}/why", summary="What a step still needs")
def why_not(ask: Reader, phase: PhaseId, step: StepMaybe = None) -> Response:
    """Say which missing event blocks a step, or the handoff, and the command that brings it."""
    return answer("phase.why", why(ask.project, phase, step, ask.at))


@router.get("/phases/{phase}/progress", summary="How far a phase is")
def phase_progress(ask: Reader, phase: PhaseId) -> Response:
    """Return how far a phase is, with every stretch of time it has spent somewhere."""
    return answer("phase.progress", progress_of(ask.project, phase, ask.at))


@router.get("/phases/{phase}/diff", summary="What changed in a phase between two moments")
def state_diff(ask: Reader, phase: PhaseId, since: Since = None, until: Until = None) -> Response:
    """Return what changed, from the opening of the phase until now unless moments are given."""
    for moment in (since, until):
        refuse_files(moment)
    return answer("phase.state_diff", state_changes(ask.project, phase, since, until, ask.at))


@router.get("/phases/{phase}/{step}/diff", summary="What changed in a text")
def text_diff(ask: Reader, phase: PhaseId, step: Step, since: Since = None, until: Until = None) -> Response:
    """Return a unified diff between two iterations, or between what was the latest at two moments."""
    for moment in (since, until):
        refuse_files(moment)
    refuse_mixed(phase, step, since, until)
    return answer("phase.diff", text_changes(ask.project, phase, step, since, until, ask.at))


@router.get("/progress", summary="How far the project is")
def whole_progress(ask: Reader, limit: Limit = MOST) -> Response:
    """Return how far phases are, and how long texts, verdicts and rework took."""
    return answer("progress", progress(ask.project, limit, ask.at))


@router.get("/next", summary="What can be done now")
def what_next(ask: Reader, limit: Limit = MOST) -> Response:
    """Return what can be done now in all phases, the most urgent first."""
    return answer("next", next_steps(ask.project, limit, ask.at))


@router.get("/dashboard", summary="The whole project at a glance")
def whole(ask: Reader, limit: Limit = MOST) -> Response:
    """Return every phase, what waits and since when, what blocks it, and what to do next."""
    return answer("dashboard", dashboard(ask.project, limit, ask.at))


@router.get("/tasks", summary="Tasks, and whose turn it is")
def list_tasks(
    ask: Reader,
    phase: Annotated[str | None, Query(description="A phase; without one, all of them.")] = None,
    open: Annotated[bool, Query(description="Only what is still to be done.")] = False,  # noqa: A002  # the word of the command line
    done: Annotated[bool, Query(description="Only what is done.")] = False,
    ready: Annotated[bool, Query(description="Only what may begin now.")] = False,
    mine: Annotated[bool, Query(description="Only those of the token's holder.")] = False,
) -> Response:
    """Return the tasks of the latest approved tasks document of each phase."""
    wanted = Wanted(open, done, ready, ask.by.actor.name if mine else None)
    return answer("task.list", tasks(ask.project, phase, wanted, ask.at))

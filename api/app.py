"""The service as one application: its operations, and what becomes of whatever goes wrong in them."""

from asyncio import get_running_loop
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread

from anyio.to_thread import current_default_thread_limiter, run_sync
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.responses import Response
from starlette.routing import Match

from adapters.shared_commits import SharedCommits
from api import (
    audit,
    auditing,
    backups,
    batch,
    claims,
    documents,
    events,
    health,
    importing,
    keeping,
    lifecycle,
    log,
    looking,
    operating,
    published,
    reads,
    recovery,
    replays,
    rules,
    scraping,
    tasks,
    verdicts,
    workflow,
)
from api.description import MAKING, ROOT, Description
from api.heard import heard
from api.outside import refused
from api.parts import named
from api.problems import HttpRefusal, bug, problem
from api.service import Service
from domain.errors import Damaged, NotFound, Refusal, Unavailable
from domain.event_log import EventLog
from usecases.project import Project

DESCRIBED_S = 1.0
"""When the description is made, unless somebody needs it before: it takes a third of the time that starting does."""
MORE_THREADS = 8
"""Threads beside those of the operations, for whoever begins to follow the log."""
NAMED = 5
"""Places of further mistakes that are named beside the first."""
WORTH_PACKING = 1024
"""Bytes from which on an answer is sent as gzip to whoever takes it."""
AS_THEY_ARE = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "text/markdown", "text/plain")
"""What is never packed: `Repr-Digest` is over the bytes as they are sent (RFC 9530)."""
READS = (reads, events, log, replays, looking, published)
WRITES = (lifecycle, tasks, workflow, claims, importing, verdicts, rules, recovery)
PARTS = (*READS, *WRITES, audit, auditing, keeping, operating, backups, batch, documents)
"""The operations; the widest paths come last."""
CODES = {404: "NO_SUCH_PATH", 405: "METHOD_NOT_ALLOWED"}


def application(service: Service) -> FastAPI:
    """Return the application that serves one project."""
    app = FastAPI(
        title="Orchestrator",
        version="1",
        lifespan=_lifespan,
        openapi_url=f"{ROOT}/openapi.json",
        docs_url=None,  # they load programs from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=named,
        separate_input_output_schemas=False,
    )
    app.state.service = service
    with MAKING:
        for router in (scraping.router, documents.drafts, *(part.router for part in PARTS), health.router):
            app.router.routes.extend(router.routes)
    app.state.description = Description(app)
    app.openapi = lambda: app.state.description.whole  # type: ignore[method-assign]  # how FastAPI lets it be replaced
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HttpRefusal, _refused_here)
    app.add_exception_handler(RequestValidationError, _wrong_words)
    app.add_exception_handler(HTTPException, _no_such)
    app.add_exception_handler(Exception, _bug)
    app.add_middleware(GZipMiddleware, minimum_size=WORTH_PACKING, exclude_content_types=AS_THEY_ARE)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    describing = Thread(target=app.openapi, daemon=True)
    soon = get_running_loop().call_later(DESCRIBED_S, describing.start)
    current_default_thread_limiter().total_tokens = app.state.service.capacity.most + MORE_THREADS
    yield
    soon.cancel()


async def _refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    project: Project = request.app.state.service.project
    cause: Refusal = refusal
    if isinstance(refusal, Damaged | NotFound | Unavailable):
        cause = await run_sync(_cause_of, refusal, project.log)
    return await run_sync(refused, cause, project)  # a file of settings may be read, and its disk may keep us waiting


def _cause_of(refusal: Refusal, log: EventLog) -> Refusal:
    """Return why something is missing, unreadable or unlikely: that may all be one disk that is away."""
    try:
        if isinstance(log, SharedCommits):
            log.refuse_away()
    except Unavailable as away:
        return away
    return refusal


async def _refused_here(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, HttpRefusal)
    return problem(refusal)


async def _wrong_words(_: Request, error: Exception) -> Response:
    """Say the first mistake in one sentence, and where others are. No value of what was sent is repeated."""
    assert isinstance(error, RequestValidationError)
    if (known := heard()) is not None:
        known.is_schema = True
    first, *others = error.errors()
    place, *elsewhere = (".".join(map(str, each["loc"]))[:200] for each in (first, *others[:NAMED]))
    more = f" (and {len(others)} more: {', '.join(elsewhere)}{' …' if others[NAMED:] else ''})" if others else ""
    message = str(first["msg"]).rstrip(".")
    return problem(HttpRefusal(400, "VALIDATION_ERROR", f"{place}: {message}{more}."))


async def _no_such(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_allowed(request))
    code = CODES.get(error.status_code, "VALIDATION_ERROR" if error.status_code < 500 else "BUG")
    return problem(HttpRefusal(error.status_code, code, f"{error.detail}.", headers=headers))


def _allowed(request: Request) -> list[str]:
    """Return the methods of what a path names: several routes may lead there (RFC 9110, 10.2.1)."""
    routes = (each for each in request.app.routes if each.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in routes for method in route.methods})


async def _bug(_: Request, __: Exception) -> Response:
    return bug()

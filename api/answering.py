"""Every answer is the document that the command line prints with --json."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.asking import Writing
from api.heard import heard
from api.outside import outside, refused
from domain.errors import Conflict
from domain.phase_ids import stream_of
from domain.steps import Step
from usecases.project import Project
from usecases.signing import SignedAfter
from usecases.writes import Written, events_of, told_by, written

if TYPE_CHECKING:
    from domain.commands import Command
    from domain.event_log import Head

MEDIA_TYPE = "application/json"


def answer(kind: str, data: Mapping[str, Any], *, version: int | None = None, status: int = 200) -> Response:
    """Return an answer with data; `version` is the one that If-Match may name."""
    headers = {"ETag": f'"{version}"'} if version is not None else {}
    document = {"ok": True, "kind": kind, "version": 1, "data": data}
    return Response(orjson.dumps(document), status, headers, MEDIA_TYPE)


def version_of(head: "Head | None") -> int | None:
    """Return the version to tell, looked at before the answer is made: an older one is only refused too often."""
    return head.version if head else None


def lead_on(response: Response, request: Request, *, cursor: str | int, position: int) -> None:
    """Name the next page of a list, as of the moment of this one (RFC 8288)."""
    words = {**request.query_params, "cursor": cursor, "at": f"position:{position}"}
    response.headers["Link"] = f'<{request.url.path}?{urlencode(words)}>; rel="next"'


def carried_out(
    ask: Writing,
    phase: str,
    command: "Callable[[], Command]",
    *,
    writes: Step | None = None,
    occasion: str | None = None,
    boxes: Sequence[str] = (),
    judged: Step | None = None,
) -> Response:
    """Carry out a command about a phase as the command line does, and answer with what was recorded."""
    try:
        done = written(ask.project, phase, command, writes=writes, occasion=occasion, boxes=boxes, judged=judged)
    except Conflict as conflict:
        return _conflict(ask, conflict)
    return recorded(ask, done, stream=stream_of(phase), phase=phase, writes=writes)


def handled(ask: Writing, command: "Command", *, stream: str) -> Response:
    """Handle a command about something else than a phase, and answer with what was recorded."""
    try:
        done = Written(ask.project.handle(command))
    except Conflict as conflict:
        return _conflict(ask, conflict)
    return recorded(ask, done, stream=stream)


def recorded(
    ask: Writing,
    done: Written,
    *,
    stream: str,
    phase: str | None = None,
    writes: Step | None = None,
    kind: str = "command.outcome",
    beside_it: Mapping[str, Any] | None = None,
) -> Response:
    """Return what was recorded, and the version that it left its stream at."""
    if (known := heard()) is not None:
        known.position = done.receipt.last
    events = events_of(ask.project, done.receipt)
    data = told_by(ask.project, done, events, phase=phase, writes=writes)
    if done.signed:
        data["checkpoint"] = signed_outside(done.signed, ask.project)
    version = max((event.version for event in events if event.stream == stream), default=None)
    found = answer(kind, {**data, **(beside_it or {})}, version=version)
    if done.receipt.repeated:
        found.headers["Idempotent-Replayed"] = "true"
    return found


def signed_outside(signed: SignedAfter, project: Project) -> SignedAfter:
    """Return a checkpoint as who asks may see it: its files lie on this machine, and so does the anchor."""
    shown = signed.copy()
    shown["file"], shown["anchor"] = (path and Path(path).name for path in (signed["file"], signed["anchor"]))
    shown["warning"] = signed["warning"] and outside(signed["warning"], project)
    shown["fix"] = ["orch audit checkpoint"] if signed["fix"] else []  # it anchors as the settings here say
    return shown


def _conflict(ask: Writing, conflict: Conflict) -> Response:
    """Tell who said what they had seen that it is another version now (412), and others that somebody was first."""
    return refused(conflict, ask.project, status=412 if ask.version is not None else None)

"""Many commands in one request: each as if it had come alone, with its own scope, its own id and its own answer."""

from typing import Annotated, Any, Literal
from urllib.parse import unquote
from uuid import NAMESPACE_URL, uuid5

from anyio.to_thread import run_sync
from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from adapters.input_files import json_text
from api.answering import answer
from api.asking import Key, Present, unquoted
from api.description import ROOT
from api.parts import part
from api.within import AT_ONCE, Asked, Said, Within
from api.words import Words
from domain.errors import InvalidInput
from usecases.batch_answers import BatchAnswers, CommandAnswer, WhyNot
from usecases.command_ids import checked_id

router = part(tags=["batch"])
MOST = 100
MOST_BYTES = 16 * 1024 * 1024
"""Of answers: whoever reads everything many times over asks one by one."""
APART = ("/batch", "/events")
"""What has no place in a batch: itself, and what has no end."""


class Command(Words):
    """One request, as it would be sent alone."""

    method: Annotated[Literal["GET", "POST", "PUT", "DELETE"], Field(examples=["POST"])]
    path: Annotated[
        str,
        Field(
            pattern=r"^/[!-~]*$",
            max_length=2000,
            description="Below /api/v1, with its query.",
            examples=["/phases/st01-audio-engine/spec"],
        ),
    ]
    body: Annotated[Any, Field(description="Its JSON.", examples=[{"objectives": ["Round trip below 10 ms"]}])] = None
    key: Annotated[str | None, Field(description="Its Idempotency-Key; otherwise one that follows from ours.")] = None
    if_match: Annotated[str | None, Field(description="Its If-Match.", max_length=100)] = None


class Batch(Words):
    """The commands, in the order in which they are carried out."""

    commands: Annotated[
        list[Command],
        Field(min_length=1, max_length=MOST, examples=[[{"method": "GET", "path": "/phases/st01-audio-engine"}]]),
    ]
    parallel: Annotated[bool, Field(description="Several at a time, in any order; commits are shared.")] = False


@router.post("/batch", summary="Many commands in one request")
async def batch(request: Request, ask: Present, words: Batch, key: Key = None) -> Response:
    """Carry out commands one after the other, or several at a time. Each needs its own scope, as if it came alone.

    The status is 200 whatever becomes of them: every row has its own. The same Idempotency-Key repeats all of them.
    """
    del ask
    own = checked_id(unquoted(key))
    asked = await run_sync(_all_asked, words.commands, own)  # a large body is no reason to keep everybody else waiting
    within = Within(request.app.state.inside, request.scope, ROOT, gone=request.is_disconnected, most_bytes=MOST_BYTES)
    said = await within.ask(asked, at_once=AT_ONCE if words.parallel else 1)
    rows = [_row(each, found) for each, found in zip(asked, said, strict=True)]
    data: BatchAnswers = {
        "succeeded": sum(row["ok"] for row in rows),
        "failed": sum(not row["ok"] and row["status"] is not None for row in rows),
        "not_started": sum(row["status"] is None for row in rows),
        "rows": rows,
    }
    return answer("batch.answers", data)


def _all_asked(commands: list[Command], own: str) -> list[Asked]:
    return [_asked(each, f"{own}:{number}") for number, each in enumerate(commands)]


def _asked(command: Command, place: str) -> Asked:
    """Return a command with its id, which follows from that of the batch unless it has one."""
    path = unquote(command.path.partition("?")[0])
    if path in APART:
        raise InvalidInput("A batch holds no batch, and nothing without an end.")
    key = checked_id(command.key or str(uuid5(NAMESPACE_URL, f"orch:batch:{place}")))
    body = b"" if command.body is None else json_text(command.body, "The body of a command").encode()
    return Asked(command.method, command.path, body, command.if_match, key)


def _row(asked: Asked, said: Said | str) -> CommandAnswer:
    row: CommandAnswer = {
        "path": asked.path,
        "ok": False,
        "status": None,
        "key": asked.key,
        "kind": None,
        "data": None,
        "error": None,
        "replayed": False,
        "etag": None,
    }
    if isinstance(said, str):
        row["error"] = _why("NOT_STARTED", said)
        return row
    row |= {"status": said.status, "replayed": said.replayed, "etag": said.etag}
    document = said.document
    if document is None or (said.status < 400 and "data" not in document):
        row["error"] = _why("NOT_JSON", "It answers with a file, or with very much: ask for it alone.")
    elif said.status < 400:
        row |= {"ok": True, "kind": document["kind"], "data": document["data"]}
    else:
        row["error"] = {"code": document["code"], "message": document["detail"], "fix": document["fix"]}
    return row


def _why(code: str, message: str) -> WhyNot:
    return {"code": code, "message": message, "fix": []}

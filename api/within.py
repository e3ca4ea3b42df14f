"""Requests that are made within one: by the same client, through everything that a request of its own would meet."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from math import inf
from secrets import token_hex
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import unquote

import orjson
from starlette.types import ASGIApp, Message, Scope

from api.heard import heard
from api.problems import HttpRefusal

TAKEN_ALONG = (b"authorization", b"host")
AT_ONCE = 8
"""So many requests within others are worked on at the same time, of all clients together: each takes a thread."""
JSON = ("application/json", "application/problem+json")
TOO_LARGE = "The answers before it were too large for one batch."
TOO_LATE = "The time of the batch was over before its turn came. Repeating the batch under its key goes on."
GONE = "Whoever asked had left."


class Asked(NamedTuple):
    """One of them."""

    method: str
    path: str
    body: bytes
    """Its JSON; empty where there is none."""
    if_match: str | None
    key: str


class Said(NamedTuple):
    """What one of them was answered."""

    status: int
    document: dict[str, Any] | None
    """None where the answer is no JSON."""
    replayed: bool
    etag: str | None
    size: int


class Inside:
    """What requests within others go through: the application, and what one of their own would meet before it."""

    def __init__(self, app: ASGIApp, admit: Callable[[str], None]) -> None:
        self.app, self.admit = app, admit
        """`admit` is told the client's address, and raises `HttpRefusal` where no more may come now."""
        self.room = asyncio.Semaphore(AT_ONCE)


class Within:
    """Asks an application in the name of whoever asked the outer request. Used from the event loop only."""

    def __init__(
        self, inside: Inside, outer: Scope, root: str, *, gone: Callable[[], Awaitable[bool]], most_bytes: int
    ) -> None:
        self._inside, self._outer, self._root, self._gone, self._left = inside, outer, root, gone, most_bytes
        self._ends: float = outer.get("state", {}).get("ends", inf)

    async def ask(self, requests: Sequence[Asked], *, at_once: int) -> list["Said | str"]:
        """Ask all of them, so many at a time; of those that were not begun, return why."""
        turns = asyncio.Semaphore(at_once)  # of the room that all share only so many wait in line: others come between

        async def one(number: int, request: Asked) -> Said | str:
            async with turns, self._inside.room:
                if self._left <= 0:
                    return TOO_LARGE
                if monotonic() > self._ends:
                    return TOO_LATE
                if await self._gone():
                    return GONE
                try:
                    self._inside.admit(str(self._outer.get("state", {}).get("address", "")))
                except HttpRefusal as refusal:
                    document = {"code": refusal.code, "detail": refusal.detail, "fix": [*refusal.fix]}
                    return Said(refusal.status, document, replayed=False, etag=None, size=0)
                scope, data = self._scope(number, request)
                said = await _asked(self._inside.app, scope, data, most_bytes=self._left)
                self._left -= said.size
                return said

        return await asyncio.gather(*(one(number, request) for number, request in enumerate(requests)))

    def _scope(self, number: int, request: Asked) -> tuple[Scope, bytes]:
        method, path, body, if_match, key = request
        place, _, query = path.partition("?")
        data = b"" if method == "GET" else body
        headers = [(name, value) for name, value in self._outer["headers"] if name in TAKEN_ALONG]
        known = heard()
        if known is not None:
            headers += [
                (b"x-request-id", f"{known.request[:120]}.{number}".encode()),
                (b"traceparent", f"00-{known.trace}-{token_hex(8)}-01".encode()),
            ]
        if data:
            headers.append((b"content-type", b"application/json"))
        if method != "GET":
            headers.append((b"idempotency-key", key.encode()))
        if if_match is not None:
            headers.append((b"if-match", if_match.encode("latin-1", "replace")))
        state = self._outer.get("state", {})
        whole = f"{self._root}{place}"
        scope = {
            **{name: self._outer[name] for name in ("type", "asgi", "http_version", "scheme", "client", "server")},
            "method": method,
            "path": unquote(whole),
            "raw_path": whole.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": headers,
            "state": {**{name: state[name] for name in ("address", "ends") if name in state}, "standings": []},
        }
        return scope, data


async def _asked(app: ASGIApp, scope: Scope, data: bytes, *, most_bytes: int) -> Said:
    """Ask for one answer. Only JSON is kept, and no more of it than there is room for."""
    waiting = [data]
    head: dict[str, Any] = {}
    headers: dict[str, str] = {}
    parts: list[bytes] = []
    size = 0

    async def receive() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        await asyncio.Event().wait()  # whoever asked is there for as long as this is worked on
        raise AssertionError

    async def send(message: Any) -> None:
        nonlocal size
        if message["type"] == "http.response.start":
            head.update(message)
            headers.update({name.lower().decode(): value.decode("latin-1") for name, value in message["headers"]})
        elif message["type"] == "http.response.body" and _is_json(headers):
            part: bytes = message.get("body", b"")
            size += len(part)
            if size <= most_bytes:
                parts.append(part)

    await app(scope, receive, send)
    document = orjson.loads(b"".join(parts)) if parts and size <= most_bytes else None
    return Said(int(head["status"]), document, headers.get("idempotent-replayed") == "true", headers.get("etag"), size)


def _is_json(headers: dict[str, str]) -> bool:
    return headers.get("content-type", "").partition(";")[0] in JSON

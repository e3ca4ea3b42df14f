"""Requests that are made within one: by the same client, through everything that a request of its own would meet."""

import asyncio
from collections.abc import Sequence
from secrets import token_hex
from typing import Any, NamedTuple
from urllib.parse import unquote

import orjson
from starlette.types import ASGIApp, Message, Scope

from api.heard import heard

TAKEN_ALONG = (b"authorization", b"host")


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


class Within:
    """Asks an application in the name of whoever asked the outer request. Used from the event loop only."""

    def __init__(self, app: ASGIApp, outer: Scope, root: str, *, most_bytes: int) -> None:
        self._app, self._outer, self._root, self._left = app, outer, root, most_bytes

    async def ask(self, requests: Sequence[Asked], *, at_once: int) -> list[Said | None]:
        """Ask all of them, so many at a time; None for those that came when no more room for answers was left."""
        room = asyncio.Semaphore(at_once)

        async def one(number: int, request: Asked) -> Said | None:
            async with room:
                if self._left <= 0:
                    return None
                scope, data = self._scope(number, request)
                said = await _asked(self._app, scope, data)
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


async def _asked(app: ASGIApp, scope: Scope, data: bytes) -> Said:
    waiting = [data]
    head: dict[str, Any] = {}
    parts: list[bytes] = []

    async def receive() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        await asyncio.Event().wait()  # whoever asked is there for as long as this is worked on
        raise AssertionError

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            head.update(message)
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    headers = {name.lower().decode(): value.decode("latin-1") for name, value in head["headers"]}
    body = b"".join(parts)
    is_json = headers.get("content-type", "").partition(";")[0] in ("application/json", "application/problem+json")
    document = orjson.loads(body) if is_json and body else None
    return Said(
        int(head["status"]), document, headers.get("idempotent-replayed") == "true", headers.get("etag"), len(body)
    )

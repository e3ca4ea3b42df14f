"""Operations begin when there is a place for them, and whoever asked is answered in time."""

import asyncio
from collections.abc import MutableMapping
from time import monotonic
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.capacity import TIMED_OUT, Capacity, Gone
from api.description import ROOT
from api.problems import RETRY_SECONDS, HttpRefusal, problem
from usecases.command_ids import checked_id

KEY = b"idempotency-key"
APART = (f"{ROOT}/events", f"{ROOT}/openapi.json")
"""Who follows the log is counted apart, for as long as they do; the description is made once."""
READS = ("GET", "HEAD")


class Admission:
    """Gives every operation a place, its time and, where it writes, a key; answers in its stead when it is late."""

    def __init__(self, app: ASGIApp, capacity: Capacity, *, seconds: float) -> None:
        self.app, self._capacity, self._seconds = app, capacity, seconds
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """Pass a request on whose body has been read, once there is a place for it."""
        path = scope["path"]
        if not path.startswith(f"{ROOT}/") or path in APART:
            return await self.app(scope, replayed(body, receive), send)
        reads, ends = scope["method"] in READS, monotonic() + self._seconds
        try:
            await self._capacity.enter(reads=reads, seconds=self._seconds, gone=receive)
        except Gone:
            return None
        except HttpRefusal as refusal:
            return await problem(refusal)(scope, receive, send)
        try:
            await self._in_time(scope, body, receive, send, reads=reads, ends=ends)
        finally:
            self._capacity.leave(reads=reads)

    async def _in_time(
        self, scope: Scope, body: bytes, receive: Receive, send: Send, *, reads: bool, ends: float
    ) -> None:
        """Let the operation answer; when its time is over somebody else does, and it ends unheard."""
        key = "" if reads else _key_of(scope)
        scope["state"]["ends"] = ends
        answered = _Answered()

        async def sent(message: MutableMapping[str, Any]) -> None:
            if answered.by_others:
                return
            answered.begun = True
            await send(message)

        def tell() -> None:
            if answered.begun:
                return
            answered.by_others = True
            task = asyncio.ensure_future(problem(self._too_late(key))(scope, receive, send))
            self._late.add(task)
            task.add_done_callback(self._late.discard)

        late = asyncio.get_running_loop().call_later(max(0.0, ends - monotonic()), tell)
        try:
            await self.app(scope, replayed(body, receive), sent)
        finally:
            late.cancel()

    def _too_late(self, key: str) -> HttpRefusal:
        self._capacity.refused[TIMED_OUT] += 1
        detail = f"It did not end within {self._seconds:g} s."
        if key:
            detail += f" It may still be recorded; repeating it with Idempotency-Key: {key} is safe, and tells."
        return HttpRefusal(503, TIMED_OUT, detail, headers={"Retry-After": RETRY_SECONDS})


class _Answered:
    """Who answers a request: the operation, or others because it is late."""

    begun = False
    by_others = False


def _key_of(scope: Scope) -> str:
    """Return the key of a write, made up where it has none: whoever is told that it is late can repeat it."""
    said = [value for name, value in scope["headers"] if name == KEY]
    if said:
        given: bytes = said[0]
        return given.decode("latin-1")[:200].strip('"')
    key = checked_id(None)
    scope["headers"] = [*scope["headers"], (KEY, key.encode())]
    return key


def replayed(body: bytes, receive: Receive) -> Receive:
    """Hand over the body that was read; after it comes what the server still has to say."""
    waiting = [body]

    async def receive_again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return receive_again

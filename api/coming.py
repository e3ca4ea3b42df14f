"""A body while it comes, and the end of a connection on which one was refused before it had come."""

import asyncio
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from api.received import MOST_BODY

LINGER_SECONDS = 1.0
"""How long is read, and thrown away, of a body that was refused: at most as much as one may have."""


class Lingering:
    """How many connections linger: each holds the place of one that has something to ask."""

    most = 100

    def __init__(self) -> None:
        self.count = 0


class Coming:
    """The body of a request while it comes."""

    def __init__(self, receive: Receive, scope: Scope) -> None:
        self._receive = receive
        self._is_whole = False
        self._waits = any(name == b"expect" for name, _ in scope["headers"])  # with the body, until it is asked for

    async def receive(self) -> Message:
        """Return what comes next."""
        self._waits = False
        message = await self._receive()
        self._is_whole = not message.get("more_body", False)
        return message

    async def answered(self, response: Response, scope: Scope, send: Send, others: Lingering) -> None:
        """Answer, and close the connection a little later where more of the body is to come.

        Whoever sends it would meet a closed connection, and the reset that says so overtakes the answer.
        """
        if self._is_whole or self._waits or others.count >= others.most:
            await response(scope, self._receive, send)
            return

        async def unfinished(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "more_body": True}
            await send(message)

        others.count += 1
        try:
            await response(scope, self._receive, unfinished)
            with suppress(TimeoutError):
                async with asyncio.timeout(LINGER_SECONDS):
                    await self._thrown_away()
        finally:
            others.count -= 1
        await send({"type": "http.response.body"})

    async def _thrown_away(self) -> None:
        size = 0
        while not self._is_whole and size < MOST_BODY:
            size += len((await self.receive()).get("body", b""))

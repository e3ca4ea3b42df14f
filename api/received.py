"""Bodies of requests: read whole within limits of size, time and memory, and held to what JSON is."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.types import Receive, Scope

from adapters.input_files import parsed
from api.capacity import MEMORY, Capacity, Gone
from api.problems import HttpRefusal
from domain.errors import InvalidInput

MOST_BODY = 4 * 1024 * 1024
"""Bytes: as much as a document on disk may have."""
BODY_SECONDS = 20.0
"""How long a client may take to send a body."""
MOST_HELD = 64 * 1024 * 1024
"""Bytes of all large bodies together, until they are answered: anybody may send one, also without a token."""
SMALL = 64 * 1024
"""Bytes of a body that is always read; connections are counted, so all of them together are not much."""
ASIDE = 2
"""Large bodies that are looked at at the same time, in threads: the others who ask do not wait for them."""


class Held:
    """What one request holds."""

    def __init__(self, of: "Bodies") -> None:
        self._of, self.bytes = of, 0

    def take(self, size: int) -> None:
        """Count what came. Raises `HttpRefusal` where others hold too much for a large body."""
        more = max(0, size - SMALL) - self.bytes
        if self._of.held + more > self._of.most:
            raise self._of.capacity.refusal(MEMORY, "Other large bodies take all the room that there is for them.")
        self._of.held += more
        self.bytes += more


class Bodies:
    """Reads bodies, and counts what large ones take until they are answered. Used from the event loop only."""

    def __init__(self, capacity: Capacity, *, most: int = MOST_HELD) -> None:
        self.capacity, self.most = capacity, most
        self.held = 0
        self._threads: CapacityLimiter | None = None

    @contextmanager
    def holding(self) -> Iterator[Held]:
        """Hold the body of one request, until it is answered."""
        held = Held(self)
        try:
            yield held
        finally:
            self.held -= held.bytes

    async def read(self, scope: Scope, receive: Receive, held: Held, *, most: int, seconds: float) -> bytes:
        """Return the whole body. Raises `HttpRefusal`, and `Gone` where the client left before all of it had come."""
        for name, value in scope["headers"]:
            if name == b"content-length" and int(value) > most:  # the server has checked that it is a number
                raise _too_large(most)
        try:
            async with asyncio.timeout(seconds):
                return await _read(receive, held, most)
        except TimeoutError:
            raise HttpRefusal(408, "TIMEOUT", "The body did not come in time.") from None

    async def refuse_other_than_json(self, scope: Scope, body: bytes) -> None:
        """Refuse bodies of other types, and what readers of JSON take for different things.

        Other types are what pages elsewhere could send without being asked.
        """
        if not body:
            return None
        said = {name: value for name, value in scope["headers"] if name in (b"content-type", b"content-encoding")}
        if said.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
            raise HttpRefusal(415, "NOT_JSON", "A body is JSON: Content-Type: application/json.")
        if said.get(b"content-encoding", b"identity").strip().lower() != b"identity":
            raise HttpRefusal(415, "NOT_JSON", "A body comes as it is, without a Content-Encoding.")
        if len(body) <= SMALL:
            return refuse_other_json(body)
        self._threads = self._threads or CapacityLimiter(ASIDE)
        return await run_sync(refuse_other_json, body, limiter=self._threads)


def refuse_other_json(body: bytes) -> None:
    """Refuse what is no JSON in UTF-8, or could be read as two different things: a name given twice, or NaN."""
    try:
        parsed(body.decode("utf-8-sig"), "json", "The body")
    except UnicodeDecodeError as error:
        detail = f"The body: byte 0x{body[error.start]:02X} at {error.start} is not UTF-8."
        raise HttpRefusal(400, "VALIDATION_ERROR", detail) from None
    except InvalidInput as error:
        raise HttpRefusal(400, error.code, error.message) from None


async def _read(receive: Receive, held: Held, most: int) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > most:
            raise _too_large(most)
        held.take(size)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _too_large(most: int) -> HttpRefusal:
    return HttpRefusal(413, "BODY_TOO_LARGE", f"A body has at most {most} bytes.")

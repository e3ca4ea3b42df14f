"""Connections: who sends headers too slowly, or reads too slowly, makes room; and so does who only waits."""

import asyncio
from collections import Counter
from collections.abc import Callable
from select import POLLIN, poll
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.clients import address_of
from api.problems import HttpRefusal, problem

BUSY = "BUSY"
HEADER_SECONDS = 10.0
"""How long a client may take to send its headers, and to make a TLS connection."""
UNREAD_SECONDS = 30.0
"""How long an answer may lie unread."""
LINGER_SECONDS = 1.0
"""How long is read, and thrown away, of whoever was answered unasked: a reset could overtake the answer."""
SETTLED_SECONDS = 1.0
"""A connection that is younger is not closed to make room for another."""


LINGERING = 100
"""Connections beyond the most that may linger; where there are more they are closed at once."""


class Connections:
    """Makes the protocol of each connection of one server, and closes those that only wait where there are too many."""

    def __init__(
        self, most: int, *, header_seconds: float = HEADER_SECONDS, unread_seconds: float = UNREAD_SECONDS
    ) -> None:
        self.most, self.header_seconds, self.unread_seconds = most, header_seconds, unread_seconds
        self.count = 0
        self.waiting: dict[Connection, float] = {}
        """Connections that wait for a request, the longest first, and since when."""
        self.refused: Counter[str] = Counter()
        """Connections that were refused, by code."""
        self.told: Callable[[HttpRefusal, str], str] = lambda refusal, address: ""
        """Is told what was answered without a request, and to which address; returns the id of that answer."""

    def __call__(self, **given: Any) -> "Connection":
        """Return the protocol of a new connection: what uvicorn takes for its class."""
        made = Connection(**given)
        made.all = self
        return made

    def make_room(self, now: float) -> bool:
        """Close what has waited longest for a request, if that is long enough; False where everybody is busy."""
        for connection, since in self.waiting.items():
            if now - since < SETTLED_SECONDS:
                return False
            if connection.has_unread:  # it has asked, and we are the slow ones
                continue
            connection.transport.abort()
            self.left(connection)
            return True
        return False

    def left(self, connection: "Connection") -> None:
        """Forget a connection that waits no longer."""
        self.waiting.pop(connection, None)


class Connection(H11Protocol):
    """Uvicorn's protocol, with a time for headers, a time for reading the answer, and problem documents."""

    all: Connections
    _header_timer: asyncio.TimerHandle | None = None
    _unread_timer: asyncio.TimerHandle | None = None
    _ended = False

    @property
    def has_unread(self) -> bool:
        """Whether something came that was not read yet."""
        found = self.transport.get_extra_info("socket")
        if found is None or found.fileno() < 0:
            return False
        asked = poll()
        asked.register(found.fileno(), POLLIN)
        return bool(asked.poll(0))

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a request, if there is room."""
        super().connection_made(transport)
        self.all.count += 1
        if self.all.count > self.all.most and not self.all.make_room(self.loop.time()):
            self.all.refused[BUSY] += 1
            self._end_with(HttpRefusal(503, BUSY, "Too many connections are open.", headers={"Retry-After": "1"}))
            return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything."""
        self.all.count -= 1
        self._wait_no_more()
        self._stop(self._unread_timer)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; headers that are not whole yet have to be soon."""
        if self._ended:
            return
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        """Wait for a client that does not read what it asked for, but not for ever."""
        super().pause_writing()
        self._unread_timer = self.loop.call_later(self.all.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        self._stop(self._unread_timer)
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Tell what is no HTTP as everything else is told."""
        self._end_with(HttpRefusal(400, "VALIDATION_ERROR", msg))

    def _look(self) -> None:
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._wait_no_more()
        elif self not in self.all.waiting:
            self._wait()

    def _wait(self) -> None:
        self.all.waiting[self] = self.loop.time()
        self._header_timer = self.loop.call_later(self.all.header_seconds, self._too_slow)

    def _wait_no_more(self) -> None:
        self.all.left(self)
        self._stop(self._header_timer)

    def _too_slow(self) -> None:
        if self.conn.trailing_data[0]:
            self._end_with(HttpRefusal(408, "TIMEOUT", "The headers did not come in time."))
        else:
            self.transport.close()

    def _end_with(self, refusal: HttpRefusal) -> None:
        """Answer without the application, and close."""
        self._wait_no_more()
        self._ended = True
        if self.transport.is_closing() or self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        answer = problem(refusal)
        # The proxy's where there is one: nobody has said for whom it asks.
        request = self.all.told(refusal, address_of({"client": self.client}, behind_proxy=False))
        more = ((b"connection", b"close"), (b"cache-control", b"no-store"), (b"x-request-id", request.encode()))
        headers = [*answer.raw_headers, *more]
        reason = b""
        for event in (
            h11.Response(status_code=refusal.status, headers=headers, reason=reason),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        if self.transport.can_write_eof() and self.all.count <= self.all.most + LINGERING:
            self.transport.write_eof()
            self.loop.call_later(LINGER_SECONDS, self.transport.close)
        else:
            self.transport.close()

    @staticmethod
    def _stop(timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()


class Loop(asyncio.SelectorEventLoop):
    """The event loop of the server: a TLS connection has to be made as soon as headers have to come."""

    async def create_server(self, *given: Any, **named: Any) -> asyncio.Server:
        """Listen, as asyncio does, with a time for the handshake."""
        if named.get("ssl") is not None:
            named["ssl_handshake_timeout"] = HEADER_SECONDS
        return await super().create_server(*given, **named)

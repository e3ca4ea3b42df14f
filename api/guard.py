"""What is looked at before a request is: host, address, size and time; and the headers that every answer bears."""

import asyncio
from collections.abc import MutableMapping
from typing import Any, NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.admission import Admission
from api.clients import address_of
from api.problems import HttpRefusal, problem
from api.rates import Rates, told

MOST_BODY = 4 * 1024 * 1024
"""Bytes: as much as a document on disk may have."""
BODY_SECONDS = 20.0
"""How long a client may take to send a body."""
SECURITY = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
HEALTH = "/health/"
HSTS = (b"strict-transport-security", b"max-age=31536000")


class Limits(NamedTuple):
    """What a request may be."""

    hosts: frozenset[str]
    """The names that this service answers to: a page elsewhere cannot reach it under another one (DNS rebinding)."""
    secure: bool = False
    """Whether clients come by TLS, here or before."""
    behind_proxy: bool = False
    most_body: int = MOST_BODY
    body_seconds: float = BODY_SECONDS


class Guard:
    """Refuses what is not for us, reads bodies whole within limits, and puts the headers on that browsers obey."""

    def __init__(self, admission: Admission, limits: Limits, rates: Rates) -> None:
        self._admission, self._limits, self._rates = admission, limits, rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            return await self._admission.app(scope, receive, send)
        state = scope.setdefault("state", {})
        state["address"] = address_of(scope, behind_proxy=self._limits.behind_proxy)
        state["standings"] = []
        send = self._with_headers(scope, send)
        try:
            self._refuse_host(scope)
            if not scope["path"].startswith(HEALTH):  # or others could keep whoever looks after us from seeing us
                standing = self._rates.of_address(state["address"])
                state["standings"] += [standing] if standing else []
            body = await self._body(scope, receive)
            _refuse_other_than_json(scope, body)
        except HttpRefusal as refusal:
            response: Response = problem(refusal)
            response.headers["Connection"] = "close"
            return await response(scope, receive, send)
        return await self._admission(scope, body, receive, send)

    def _refuse_host(self, scope: Scope) -> None:
        given = [value for name, value in scope["headers"] if name == b"host"]
        host = _host_in(given[0].decode("latin-1")) if len(given) == 1 else ""
        if host not in self._limits.hosts:
            raise HttpRefusal(421, "HOST_NOT_ALLOWED", "This service does not answer to that Host.")

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        most = self._limits.most_body
        for name, value in scope["headers"]:
            if name == b"content-length" and int(value) > most:  # the server has checked that it is a number
                raise _too_large(most)
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                return await self._read(receive, most)
        except TimeoutError:
            raise HttpRefusal(408, "TIMEOUT", "The body did not come in time.") from None

    async def _read(self, receive: Receive, most: int) -> bytes:
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return b""
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > most:
                raise _too_large(most)
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        more = (*SECURITY, HSTS) if self._limits.secure else SECURITY

        async def sent(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                known = {name.lower() for name, _ in message["headers"]}
                rates = [(n.lower().encode(), v.encode()) for n, v in told(scope["state"]["standings"]).items()]
                added = [pair for pair in (*more, *rates) if pair[0] not in known]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        return sent


def _refuse_other_than_json(scope: Scope, body: bytes) -> None:
    """Refuse bodies of other types: those are what pages elsewhere could send without being asked."""
    given = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if body and given.partition(b";")[0].strip().lower() != b"application/json":
        raise HttpRefusal(415, "NOT_JSON", "A body is JSON: Content-Type: application/json.")


def _too_large(most: int) -> HttpRefusal:
    return HttpRefusal(413, "BODY_TOO_LARGE", f"A body has at most {most} bytes.")


def _host_in(header: str) -> str:
    """Return the host without its port, in lower case."""
    host = header.strip().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]

"""What is looked at before a request is: host, address, headers, body; and the headers that every answer bears."""

import re
from collections import Counter
from collections.abc import MutableMapping
from typing import Any, NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.admission import Admission
from api.capacity import Gone
from api.clients import address_of
from api.coming import Coming, Lingering
from api.problems import HttpRefusal, problem
from api.rates import Rates, told
from api.received import BODY_SECONDS, MOST_BODY, Bodies
from api.targets import host_named

SECURITY = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
HEALTH = "/health/"
HSTS = (b"strict-transport-security", b"max-age=31536000")
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]@]*)(?::[0-9]{0,5})?", re.ASCII)
"""A host and its port (RFC 9110, 7.2)."""
MOST_HEADERS = 32 * 1024
"""Bytes of a target and all headers; of those that come in one piece the parser does not look at the size."""
ONCE = frozenset(
    (b"authorization", b"idempotency-key", b"if-match", b"last-event-id", b"content-type", b"content-encoding")
)
"""Headers that say one thing: of two a proxy might have looked at the other one."""


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

    def __init__(self, admission: Admission, limits: Limits, rates: Rates, bodies: Bodies) -> None:
        self._admission, self._limits, self._rates, self._bodies = admission, limits, rates, bodies
        self._lingering = Lingering()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            return await self._admission.app(scope, receive, send)
        state = scope.setdefault("state", {})
        state["address"] = address_of(scope, behind_proxy=self._limits.behind_proxy)
        state["standings"] = []
        named = host_named(scope)
        send = self._with_headers(scope, send)
        most, seconds = self._limits.most_body, self._limits.body_seconds
        coming = Coming(receive, scope)
        with self._bodies.holding() as held:
            try:
                self._refuse_host(scope, named)
                if not _looks_after_us(scope):  # or others could keep whoever does from seeing us
                    standing = self._rates.of_address(state["address"])
                    state["standings"] += [standing] if standing else []
                _refuse_large_headers(scope)
                _refuse_two_meanings(scope)
                body = await self._bodies.read(scope, coming.receive, held, most=most, seconds=seconds)
                await self._bodies.refuse_other_than_json(scope, body)
            except Gone:
                return None
            except HttpRefusal as refusal:
                refused: Response = problem(refusal)
                refused.headers["Connection"] = "close"
            else:
                return await self._admission(scope, body, receive, send)
        return await coming.answered(refused, scope, send, self._lingering)

    def _refuse_host(self, scope: Scope, named: str | None) -> None:
        given = [value for name, value in scope["headers"] if name == b"host"]
        if named is None:
            named = given[0].decode("latin-1") if len(given) == 1 else ""
        host = _host_in(named) if len(given) < 2 else ""
        if host not in self._limits.hosts:
            raise HttpRefusal(421, "HOST_NOT_ALLOWED", "This service does not answer to that Host.")

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


def _looks_after_us(scope: Scope) -> bool:
    """Tell whether that asks how we are, and for nothing that takes longer: a body could be sent slowly."""
    has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
    return bool(scope["path"].startswith(HEALTH)) and scope["method"] in ("GET", "HEAD") and not has_body


def _refuse_large_headers(scope: Scope) -> None:
    size = len(scope["raw_path"]) + len(scope["query_string"])
    if size + sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_HEADERS:
        raise HttpRefusal(400, "VALIDATION_ERROR", f"A target and its headers have at most {MOST_HEADERS} bytes.")


def _refuse_two_meanings(scope: Scope) -> None:
    """Refuse a request that somebody before us may have read as another one (RFC 9112, 6.3 and 11.2)."""
    names = Counter(name for name, _ in scope["headers"])
    if b"transfer-encoding" in names and b"content-length" in names:
        raise HttpRefusal(400, "VALIDATION_ERROR", "A request has a Content-Length or a Transfer-Encoding, not both.")
    for name in ONCE:
        if names[name] > 1:
            raise HttpRefusal(400, "VALIDATION_ERROR", f"The header {name.decode()} is there {names[name]} times.")


def _host_in(header: str) -> str:
    """Return the host without its port, in lower case; empty where it is none."""
    found = HOST.fullmatch(header.strip().lower())
    return found[1] if found else ""

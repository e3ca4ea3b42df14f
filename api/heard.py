"""What is known of the request that is worked on: gathered on its way, told when it is answered."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from secrets import token_hex
from uuid import uuid4

from starlette.requests import Request
from starlette.types import Scope

from domain.errors import InvalidInput

REQUEST_ID = re.compile(rb"[A-Za-z0-9._:+/=@-]{1,128}")
TRACEPARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
"""W3C Trace Context, §3.2: version, trace id, parent id, flags; later versions may say more."""


@dataclass(slots=True)
class Heard:
    """One request. Fields are filled in by whoever knows them."""

    request: str
    """The id that the client gave it, or a new one."""
    trace: str
    """The id of the trace it belongs to: the correlation id of what it records."""
    token: str = ""
    code: str = ""
    """The code of the refusal, if it was one."""
    is_schema: bool = False
    """Whether it was refused because of its form."""
    position: int | None = None
    """Where what it recorded ends."""
    is_followed: bool = False
    """Whether the answer has no end of its own: whoever follows the log has all they asked for when they leave."""
    has_left: bool = False
    """Whether the client was gone before it could be told everything."""


HEARD: ContextVar[Heard | None] = ContextVar("heard", default=None)
"""Also seen in the thread that an operation runs in."""


def heard() -> Heard | None:
    """Return what is known of the request that is worked on; None outside of any."""
    return HEARD.get()


def correlation() -> str | None:
    """Return the correlation id of what is recorded now."""
    known = HEARD.get()
    return known.trace if known else None


async def note_left(request: Request) -> None:
    """Note it where whoever asked has left meanwhile: what they are answered reaches nobody."""
    await request.body()  # it comes before the news that they have left
    known = HEARD.get()
    if known is not None and await request.is_disconnected():
        known.has_left = True


@contextmanager
def judged_by_schema() -> Iterator[None]:
    """Note that whatever is refused here is refused because of its form."""
    try:
        yield
    except InvalidInput:
        known = HEARD.get()
        if known:
            known.is_schema = True
        raise


def heard_in(scope: Scope) -> Heard:
    """Return what the headers of a request say of it. What is not well formed counts as not said."""
    headers = scope["headers"]
    given = _only(headers, b"x-request-id")
    request = given.decode() if given is not None and REQUEST_ID.fullmatch(given) else str(uuid4())
    return Heard(request, _trace_in(_only(headers, b"traceparent")) or token_hex(16))


def _trace_in(words: bytes | None) -> str | None:
    found = TRACEPARENT.fullmatch(words or b"")
    if not found:
        return None
    version, trace, parent, _, more = found.groups()
    if version == b"ff" or (version == b"00" and more) or not trace.strip(b"0") or not parent.strip(b"0"):
        return None
    return trace.decode()


def _only(headers: list[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    found = [value for key, value in headers if key == name]
    return found[0] if len(found) == 1 else None

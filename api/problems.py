"""The one place where a refusal becomes a problem document (RFC 9457) and an HTTP status."""

import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple, TypedDict

import orjson
from starlette.responses import Response

from api.heard import heard
from domain.errors import (
    CommandIdReused,
    Conflict,
    Damaged,
    HandsNeeded,
    InvalidInput,
    NotFound,
    Refusal,
    Rejected,
    Unavailable,
)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = "1"


class Kind(NamedTuple):
    """How a kind of refusal is told over HTTP."""

    status: int
    title: str


KINDS: tuple[tuple[type[Refusal], Kind], ...] = (
    (CommandIdReused, Kind(422, "The Idempotency-Key was used before for something else")),
    (InvalidInput, Kind(400, "The words were wrong")),
    (Rejected, Kind(422, "A rule says no; nothing was recorded")),
    (NotFound, Kind(404, "It names something the log has never seen")),
    (Conflict, Kind(409, "Somebody was first; read again")),
    (Damaged, Kind(500, "Damage was found; do not trust this store")),
    (Unavailable, Kind(503, "Not available now; safe to repeat with the same Idempotency-Key")),
)
"""The table from a refusal to its status; the first kind that fits counts."""

SENTENCE = (
    "a|an|and|are|as|at|be|been|but|by|can|cannot|did|do|does|for|from|had|has|have|holds?|in|into|is|it|its|leads?|lies|"
    "may|must|no|nor|not|of|off|on|or|out|over|so|than|that|the|then|there|they|this|to|under|until|up|was|were|which|"
    "while|who|will|with|without|would"
)
"""Words that go on with a sentence: a folder whose name holds one is cut at it."""
WORD = r"[^\s/'\",;:()]+"
FOLDERS = rf"(?:{WORD}(?:(?<!\.) (?!(?:{SENTENCE})\b)(?:{WORD}|\([^()/]+\)))*/)*"
ABSOLUTE = re.compile(rf"(?<![\w.:/])/{FOLDERS}({WORD})", re.IGNORECASE)
"""A path in a sentence: its folders may have spaces in their names; of the last part nothing has to be known."""
IN_QUOTES = re.compile(
    r"""(?<!\w)(?:(')/(?:(?:[^/']|'"'"'|\\')*/)*((?:[^/']|'"'"'|\\')+)'|(")/(?:[^/"]*/)*([^/"]+)")"""
)
AT_FIRST = re.compile(r"\A/(?:[^/'\",;:()]+/)*([^/'\",;:()]+)(?=: )")
"""Where a name may hold anything: in quotes, of a shell, too, and where a sentence begins with what it is about."""
ADDRESS = re.compile(r"\b(postgres(?:ql)?|rediss?|unix|s3)://\S+", re.IGNORECASE)
SIGNED_IN = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]{0,20})://[^\s/@]*@[^\s'\"]*")
DATABASE = re.compile(
    r"\b([Tt]he database) (?:\S{1,63}|the user's own database) on (?:this machine|/\S*|[\w.:%,\[\]-]+)(?<![.,:])"
)
"""How the adapter names where its log is."""
SERVER = re.compile(r'\bserver (?:at "[^"]*"(?: \([^)]*\))?, port \d+|on socket "[^"]*")')
QUOTED = re.compile(r'\b(host name|host|address|user|role|database) "[^"]*"')
DENIED = re.compile(r"\b(permission denied for database) \S+?(?=[.,:]?(?:\s|$))")
"""What libpq and PostgreSQL say of themselves."""
OWNERS = re.compile(r"\b(createdb|SELECT orch\.admit|GRANT \w+ ON DATABASE)\b.*?(?=  -- |$)")
"""What somebody types who owns the database: it names roles, the database and its server."""


class Problem(TypedDict):
    """A problem document: `code` and `fix` say what the command line would say."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    fix: list[str]


class HttpRefusal(Exception):
    """What the service itself refuses, before anything of the project is asked."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        fix: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.fix, self.headers = tuple(fix), dict(headers or {})


def problem_of(
    refusal: Refusal,
    *,
    status: int | None = None,
    seen: Callable[[str], str] = str,
    typed: Callable[[str], str] = str,
) -> Response:
    """Return the answer to a refusal of the project; `seen` and `typed` tell a sentence and a line as from there."""
    kind = next(kind for cause, kind in KINDS if isinstance(refusal, cause))
    if status is not None:
        kind = Kind(status, HTTPStatus(status).phrase)
    passes = kind.status == HTTPStatus.SERVICE_UNAVAILABLE and not isinstance(refusal, HandsNeeded)
    headers = {"Retry-After": RETRY_SECONDS} if passes else {}
    fix = [typed(line) for line in refusal.fix]
    return _answer(kind.status, refusal.code, kind.title, seen(refusal.message), fix, headers)


def problem(refusal: HttpRefusal) -> Response:
    """Return the answer to what the service itself refuses."""
    title = HTTPStatus(refusal.status).phrase
    return _answer(refusal.status, refusal.code, title, refusal.detail, refusal.fix, refusal.headers)


def bug() -> Response:
    """Return the answer to a bug: nothing of what went wrong inside is told to a stranger."""
    title = HTTPStatus.INTERNAL_SERVER_ERROR.phrase
    return _answer(500, "BUG", title, "This is a bug in the service; its log has the details.", (), {})


def told_outside(text: str) -> str:
    """Return a sentence without the places of this machine: of a path only the last part, of an address only its kind.

    Of a database neither name nor host. A surrogate that is no character is written as its escape.
    """
    text = text.encode("utf-8", "backslashreplace").decode()
    text = OWNERS.sub(r"\1 …", DENIED.sub(r"\1", text))
    text = QUOTED.sub(r"\1 …", SERVER.sub("server", DATABASE.sub(r"\1", text)))
    text = SIGNED_IN.sub(r"\1://…", ADDRESS.sub(r"\1://…", text))
    return ABSOLUTE.sub(r"\1", AT_FIRST.sub(r"\1", IN_QUOTES.sub(_last_quoted, text)))


def _last_quoted(found: re.Match[str]) -> str:
    mark, last = found[1] or found[3], found[2] or found[4]
    return f"{mark}{last}{mark}"


def _answer(
    status: int, code: str, title: str, detail: str, fix: Sequence[str], headers: Mapping[str, str]
) -> Response:
    document: Problem = {
        "type": f"urn:nss-orchestrator:problem:{code.lower().replace('_', '-')}",
        "title": title,
        "status": status,
        "detail": told_outside(detail),
        "code": code,
        "fix": [told_outside(line) for line in fix],
    }
    if (known := heard()) is not None:
        known.code = code
    return Response(orjson.dumps(document), status, {**headers}, MEDIA_TYPE)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a problem document."""
    texts = ("type", "title", "detail", "code")
    properties: dict[str, Any] = {name: {"type": "string"} for name in texts}
    properties |= {"status": {"type": "integer"}, "fix": {"type": "array", "items": {"type": "string"}}}
    properties["code"]["description"] = "Stable, and the same as the command line says."
    properties["fix"]["description"] = "The commands that would mend it, as the command line spells them."
    return {"title": "Problem", "type": "object", "properties": properties, "required": list(properties)}

"""What a service answers when it says no, as the refusal that the command line knows: same code, sentence and fix."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import orjson

from adapters.service_at import SHOW_IT
from adapters.settings import is_url
from domain.errors import CommandIdReused, Conflict, Damaged, InvalidInput, NotFound, Refusal, Rejected, Unavailable

MEDIA_TYPE = "application/problem+json"
KINDS: dict[int, type[Refusal]] = {
    400: InvalidInput,
    401: Rejected,
    403: Rejected,
    404: NotFound,
    408: Unavailable,
    409: Conflict,
    412: Conflict,
    413: InvalidInput,
    415: InvalidInput,
    421: InvalidInput,
    422: Rejected,
    429: Unavailable,
    500: Damaged,
    503: Unavailable,
}
"""From the status of a problem to the kind of refusal; each edge has one such table."""
BEFORE_IT = (502, 503, 504)
NEVER_ITS_OWN = (502, 504)
"""Of these what only a proxy says, however much its words look like those of a service."""
REDIRECTS = (301, 302, 303, 307, 308)
OUTDATED = ("NO_SUCH_PATH", "METHOD_NOT_ALLOWED")
NOT_HERE = "orch serve --name"


class ServiceBug(RuntimeError):
    """The service met a bug: its log tells more, and repeating helps nobody."""


def document_in(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object that an answer is, or None where it is none."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def refusal_of(
    status: int,
    media_type: str,
    body: bytes,
    *,
    where: str,
    leads_to: str = "",
    seen: Callable[[str], str] = str,
) -> Refusal:
    """Return the refusal that a problem document stands for; what is none was said by somebody else than a service.

    `leads_to` is where a redirect leads: a token is shown only to the service that was named. `seen` says how a command
    that the service names reads here.
    """
    said = document_in(body) if media_type == MEDIA_TYPE and status not in NEVER_ITS_OWN else None
    if said is None or not all(isinstance(said.get(name), str) for name in ("code", "detail")):
        return _strangers(status, where, leads_to)
    code, message = said["code"], said["detail"]
    if code == "BUG":
        raise ServiceBug(f"in the service at {where}: its log has the details")
    if code in OUTDATED:
        return refused(
            Unavailable,
            "UPGRADE_NEEDED",
            f"The service at {where} does not know that yet: it is older.",
            ("orch version",),
        )
    kind = CommandIdReused if code == CommandIdReused.code else KINDS.get(status, Unavailable)
    fix = tuple(seen(str(line)) for line in said["fix"]) if isinstance(said.get("fix"), list) else ()
    if status == 401:
        message, fix = f"{message} Whoever runs the service issues another one.", (SHOW_IT,)
    if status == 421:
        fix = (f"{NOT_HERE} {where.partition('//')[2].partition('/')[0].partition(':')[0]}",)
    return refused(kind, code, message, fix)


def _strangers(status: int, where: str, leads_to: str) -> Unavailable:
    """Return what an answer of somebody else means."""
    if status in BEFORE_IT:
        return Unavailable(
            f"{where} answered {status}, and not as orch does: what stands before the service does not reach it.",
            fix=(f"orch health --url {where}",),
        )
    if status in REDIRECTS and is_url(leads_to):
        there = urlsplit(leads_to)
        prefix, api, _ = there.path.partition("/api/v1")
        return Unavailable(
            f"{where} answered {status}: it leads to {there.scheme}://{there.netloc}, and a token is shown only where"
            " the settings say.",
            fix=(f"export ORCHESTRATOR_URL={there.scheme}://{there.netloc}{prefix if api else ''}",),
        )
    return Unavailable(
        f"{where} answered {status}, and not as orch does: something else listens there, or stands between.",
        fix=("echo $ORCHESTRATOR_URL",),
    )


def refused(kind: type[Refusal], code: str, message: str, fix: tuple[str, ...]) -> Refusal:
    """Return a refusal of a kind that says what somebody else has written; its own constructor would say it anew."""
    made = kind.__new__(kind, message)
    Refusal.__init__(made, message, fix=fix)
    made.code = code  # type: ignore[misc]  # it says it for this one only
    return made

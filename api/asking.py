"""What every request says beside its own words: who asks, as of when, and what makes repeating safe."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import inf
from time import monotonic, time_ns
from typing import Annotated, NamedTuple

from fastapi import Depends, Header, Query, Request, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase

from api.capacity import TIMED_OUT
from api.clients import UNKNOWN
from api.heard import correlation, heard
from api.identity import Identity, authenticated, refuse_without
from api.problems import RETRY_SECONDS, HttpRefusal
from api.service import Service
from domain.access_token import Scope
from domain.actors import Actor, ActorKind
from domain.commands import Meta
from domain.errors import InvalidInput
from domain.phase_ids import checked, stream_of
from usecases.command_ids import checked_id
from usecases.project import Project
from usecases.reads import POLICY
from usecases.rules import policy_of

TOKEN = HTTPBearer(
    bearerFormat="orch_…",
    description="A token that `orch token create` issued, or one of the issuer in the settings (a JWT)."
    " The scope that an operation needs is named with it.",
)
ANY = "*"
ONLY_PEOPLE = {"create_token"}
WHILE_BOUND = {"approve", "reconfirm", "set_policy", "grant_role", "revoke_role", "redact"}
"""Operations that are for people while the policy binds agents."""
ETAG = re.compile(r'"(0|[1-9][0-9]{0,14})"', re.ASCII)


class Reading(NamedTuple):
    """A read: of what, by whom, and as of when."""

    project: Project
    by: Identity
    at: str | None


class Writing(NamedTuple):
    """A write: of what, by whom, under which command id, and after having seen which version."""

    project: Project
    by: Identity
    command_id: str
    version: int | None
    ends: float = inf
    """Until when it may be decided, by the monotonic clock: later nobody waits for the answer any more."""
    exists: bool = False
    """Whether the phase has to be there, in whatever version (`If-Match: *`, RFC 9110, 13.1.1)."""

    def meta(self, phase: str | None = None, *, stream: str = POLICY) -> Meta:
        """Return who asks, when, under which id, and what they saw of the phase, or of another stream.

        Raises `HttpRefusal` where that took too long: whoever was told so must not find it done later on.
        """
        if monotonic() > self.ends:
            raise HttpRefusal(
                503,
                TIMED_OUT,
                "Its turn came too late; nothing was recorded. Repeating is safe.",
                headers={"Retry-After": RETRY_SECONDS},
            )
        if self.exists and phase is not None and self.project.head(checked(phase)) is None:
            raise HttpRefusal(412, "CONFLICT", f"There is no phase {phase} yet, and If-Match: * asks for one.")
        seen = {} if self.version is None else {stream_of(checked(phase)) if phase else stream: self.version}
        now = datetime.now(UTC)
        return Meta(self.command_id, self.by.actor, now, self.by.authentication, seen, correlation())


class Bearer(SecurityBase):
    """A token, as the description names it, and who shows it: each dependency of its own costs every request."""

    scheme_name = "token"
    model = TOKEN

    def __init__(self, admit: Callable[[Request, Sequence[str]], Identity]) -> None:
        self._admit = admit

    def __call__(self, request: Request, scopes: SecurityScopes) -> Identity:
        """Return who asks, if they may."""
        return self._admit(request, scopes.scopes)


def service_of(request: Request) -> Service:
    """Return what is served."""
    service: Service = request.app.state.service
    return service


At = Annotated[
    str | None,
    Query(description="As of 2026-11-24T14:00:00Z, position:N or point:NAME.", examples=["position:5"]),
]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="The command id: the same key with the same content records once.",
        examples=["0b8f3a52-0000-4000-8000-000000000002"],
    ),
]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="The ETag that was seen; another version now is refused.", examples=['"3"']),
]


def identified(request: Request, scopes: Sequence[str]) -> Identity:
    """Return who asks, if they may, and in words that are known."""
    by = admitted(request, scopes)
    _refuse_other_query(request)
    return by


def admitted(request: Request, scopes: Sequence[str]) -> Identity:
    """Return who shows a token, if it has the scopes and was not shown too often."""
    service = service_of(request)
    # What the guard has noted; there is nothing where others ask us directly.
    state = request.scope.setdefault("state", {})
    try:
        by = authenticated(request.headers.get("authorization"), service.project.log, service.issuer)
    except HttpRefusal:
        service.rates.of_failure(state.get("address", UNKNOWN))
        raise
    if (known := heard()) is not None:
        known.token = by.account
    standing = service.rates.of_token(by.account)
    state.setdefault("standings", []).extend([standing] if standing else [])
    doing = getattr(request.scope.get("route"), "name", "")  # none where we are asked directly
    refuse_without(scopes, by, in_vain=lambda: is_for_people(doing, by.actor, service.project))
    if by.token:
        service.use.note(by.token, time_ns() // 1000)
    return by


def is_for_people(doing: str, actor: Actor, project: Project) -> bool:
    """Tell whether somebody may not do that whatever their scopes, since they are no person."""
    if doing in ONLY_PEOPLE:
        return actor.kind is not ActorKind.HUMAN
    return doing in WHILE_BOUND and policy_of(project).binds(actor)


Known = Annotated[Identity, Depends(Bearer(identified))]


async def reading(by: Known, request: Request, at: At = None) -> Reading:
    """Return what a read says beside its own words."""
    refuse_files(at)
    return Reading(service_of(request).project, by, at)


async def present(by: Known, request: Request) -> Reading:
    """Return what a read says that is about now: it takes no moment."""
    return Reading(service_of(request).project, by, None)


def refuse_files(moment: str | None) -> None:
    """Refuse a moment that names a file: those of the server are nobody's to name."""
    if moment is not None and moment.startswith("checkpoint:"):
        raise InvalidInput("Over HTTP a moment is RFC 3339 with an offset, position:N or point:NAME.")


async def writing(by: Known, request: Request, key: Key = None, if_match: IfMatch = None) -> Writing:
    """Return what a write says beside its own words."""
    return Writing(
        service_of(request).project,
        by,
        checked_id(unquoted(key)),
        _version_in(if_match),
        request.scope.get("state", {}).get("ends", inf),
        exists=if_match is not None and if_match.strip() == ANY,
    )


async def writing_many(by: Known, request: Request, key: Key = None) -> Writing:
    """Return what a write says that may be several commands: no version is that of all of them."""
    if request.headers.get("if-match") is not None:
        raise InvalidInput("If-Match is not taken here: this may record several commands, and names no version.")
    return await writing(by, request, key)


Present = Annotated[Reading, Security(present, scopes=[Scope.READ.value])]
Reader = Annotated[Reading, Security(reading, scopes=[Scope.READ.value])]
Auditor = Annotated[Reading, Security(reading, scopes=[Scope.AUDIT.value])]
PresentAuditor = Annotated[Reading, Security(present, scopes=[Scope.AUDIT.value])]
Auditing = Annotated[Writing, Security(writing, scopes=[Scope.AUDIT.value])]
PresentRecoverer = Annotated[Reading, Security(present, scopes=[Scope.RECOVER.value])]
Overseer = Annotated[Reading, Security(reading, scopes=[Scope.ADMIN.value])]
PresentOverseer = Annotated[Reading, Security(present, scopes=[Scope.ADMIN.value])]
Writer = Annotated[Writing, Security(writing, scopes=[Scope.WRITE.value])]
ManyWriter = Annotated[Writing, Security(writing_many, scopes=[Scope.WRITE.value])]
RecoveryReader = Annotated[Reading, Security(reading, scopes=[Scope.RECOVER.value])]
Recoverer = Annotated[Writing, Security(writing, scopes=[Scope.RECOVER.value])]
Approver = Annotated[Writing, Security(writing, scopes=[Scope.APPROVE.value])]
Admin = Annotated[Writing, Security(writing, scopes=[Scope.ADMIN.value])]


def unquoted(key: str | None) -> str | None:
    """Return a key as it was meant: RFC 8941 puts strings into quotes, and most clients do not."""
    if key is None:
        return None
    if key.startswith('"') and key.endswith('"') and len(key) > 1:
        key = key[1:-1]
    if not key:
        raise InvalidInput("The Idempotency-Key is empty.")
    return key


def _version_in(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == ANY:
        return None
    found = ETAG.fullmatch(if_match.strip())
    if not found:
        raise InvalidInput(f'If-Match takes one ETag as it was answered, such as "3"; got {if_match[:40]!r}.')
    return int(found[1])


def _refuse_other_query(request: Request) -> None:
    """Refuse a misspelt parameter, since a read without its `at` would answer another question; and two of one."""
    place = request.method.lower(), request.scope["route"].path_format
    known = request.app.state.description.queries[place]
    for name, times in Counter(name for name, _ in request.query_params.multi_items()).items():
        if name not in known:
            takes = f"It takes {', '.join(sorted(known))}." if known else "It takes none."
            raise HttpRefusal(400, "VALIDATION_ERROR", f"{_no_such(name)} {takes}")
        if times > 1 and not known[name]:
            raise HttpRefusal(400, "VALIDATION_ERROR", f"The parameter {name} is there {times} times.")


def _no_such(name: str) -> str:
    """Say that there is no such parameter; whoever names a moment is not to take what is now for what was then."""
    if name == "at":
        return "No moment can be named here: this is no state of the log, or names its positions itself."
    return f"There is no parameter {name[:40]!r} here."

"""Who asks: whoever shows a token that was issued, has not ended and was not revoked."""

from collections.abc import Sequence
from time import time_ns
from typing import NamedTuple, NoReturn

from adapters.access_tokens import id_in, is_that
from api.problems import HttpRefusal
from domain.access_token import Scope, TokenState, stream_of
from domain.actors import Actor
from domain.event_log import EventLog

CREATE = "orch token create ada --scope read --scope write"


class Identity(NamedTuple):
    """Somebody who is known by a token."""

    actor: Actor
    scopes: tuple[Scope, ...]
    token: str

    @property
    def authentication(self) -> str:
        """How it is known who asks, as verdicts record it."""
        return f"token:{self.token}"


def authenticated(authorization: str | None, log: EventLog) -> Identity:
    """Return who shows a token. Raises `HttpRefusal`; what is wrong with a token is told to who holds its secret."""
    if authorization is None:
        _refuse("A token is needed: Authorization: Bearer orch_…", error="")
    scheme, _, secret = authorization.partition(" ")
    token = id_in(secret.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        _refuse("That is no token of this service: Authorization: Bearer orch_…")
    stream = stream_of(token)
    head = log.heads([stream])[1].get(stream)
    if head is None:
        _refuse("This token was never issued here, or its text is not whole.")
    state = TokenState.from_facts(head.facts)
    if not is_that(secret.strip(), state.sha256):
        _refuse("This token was never issued here, or its text is not whole.")
    if state.revoked:
        _refuse(f"The token {token} was revoked.")
    if time_ns() // 1000 >= state.expires_at:
        _refuse(f"The token {token} has expired.")
    return Identity(state.actor, state.scopes, token)


def refuse_without(scopes: Sequence[str], identity: Identity) -> None:
    """Refuse whoever lacks a scope."""
    lacking = [scope for scope in scopes if scope not in identity.scopes]
    if lacking:
        (scope, *_) = lacking
        raise HttpRefusal(
            403,
            "FORBIDDEN",
            f"The token {identity.token} has no scope {scope}; it has {', '.join(identity.scopes)}.",
            fix=(f"orch token create {identity.actor.name} --scope {scope}",),
            headers={"WWW-Authenticate": f'Bearer realm="orch", error="insufficient_scope", scope="{scope}"'},
        )


def _refuse(detail: str, *, error: str = ', error="invalid_token"') -> NoReturn:
    raise HttpRefusal(
        401,
        "UNAUTHENTICATED",
        detail,
        fix=(CREATE,),
        headers={"WWW-Authenticate": f'Bearer realm="orch"{error}'},
    )

"""Who asks: whoever shows a token that was issued here, or by the issuer that the settings name."""

from collections.abc import Callable, Sequence
from time import time_ns
from typing import NamedTuple, NoReturn

from adapters.access_tokens import id_in, is_that
from adapters.oidc_tokens import Issuer, NoSuchToken, looks_like_one
from api.problems import HttpRefusal
from domain import hints
from domain.access_token import Scope, TokenState, stream_of
from domain.actors import Actor
from domain.event_log import EventLog

GROUPS = "orch config set oidc.scopes leads=read+approve"
CREATE = "orch token create ada --scope read --scope write"


class Identity(NamedTuple):
    """Somebody who is known by a token."""

    actor: Actor
    scopes: tuple[Scope, ...]
    token: str
    """Its id; empty where it was not issued here."""
    authentication: str
    """How it is known who asks, as verdicts record it."""

    @property
    def account(self) -> str:
        """What stays the same from token to token: ours by its id, an issuer's by issuer and subject."""
        return self.token or self.authentication.partition(";")[0]


def authenticated(authorization: str | None, log: EventLog, issuer: Issuer | None = None) -> Identity:
    """Return who shows a token. Raises `HttpRefusal`; what is wrong with a token is told to who holds its secret."""
    if authorization is None:
        _refuse("A token is needed: Authorization: Bearer orch_…", error="")
    scheme, _, said = authorization.partition(" ")
    secret = said.strip(" ")
    if issuer is not None and scheme.lower() == "bearer" and looks_like_one(secret):
        return _named_by(issuer, secret)
    token = id_in(secret) if scheme.lower() == "bearer" else None
    if token is None:
        _refuse("That is no token of this service: Authorization: Bearer orch_…")
    stream = stream_of(token)
    head = log.heads([stream])[1].get(stream)
    if head is None:
        _refuse("This token was never issued here, or its text is not whole.")
    state = TokenState.from_facts(head.facts)
    if not is_that(secret, state.sha256):
        _refuse("This token was never issued here, or its text is not whole.")
    if state.revoked:
        _refuse(f"The token {token} was revoked.")
    if time_ns() // 1000 >= state.expires_at:
        _refuse(f"The token {token} has expired.")
    return Identity(state.actor, state.scopes, token, f"token:{token}")


def _named_by(issuer: Issuer, secret: str) -> Identity:
    """Return whom an issuer names."""
    try:
        found = issuer.verified(secret)
    except NoSuchToken as error:
        _refuse(f"This token of {issuer.rules.issuer} opens nothing: {error}.", fix=())
    return Identity(found.actor, found.scopes, "", found.authentication)


def refuse_without(scopes: Sequence[str], identity: Identity, *, in_vain: Callable[[], bool] = lambda: False) -> None:
    """Refuse whoever lacks a scope. `in_vain` tells whether the rules would refuse them with it, too."""
    lacking = [scope for scope in scopes if scope not in identity.scopes]
    if lacking:
        (scope, *_) = lacking
        hopeless = in_vain()
        raise HttpRefusal(
            403,
            "FORBIDDEN",
            f"{_called(identity)} has no scope {scope}; it has {', '.join(identity.scopes) or 'none'}."
            f"{' Nor would it help: only people may do that.' if hopeless else ''}",
            fix=("orch policy show" if hopeless else _way_to(scope, identity),),
            headers={"WWW-Authenticate": f'Bearer realm="orch", error="insufficient_scope", scope="{scope}"'},
        )


def _way_to(scope: str, identity: Identity) -> str:
    return hints.token(identity.actor, [scope]) if identity.token else GROUPS


def _called(identity: Identity) -> str:
    return f"The token {identity.token}" if identity.token else f"The token of {identity.actor.name}"


def _refuse(detail: str, *, error: str = ', error="invalid_token"', fix: Sequence[str] = (CREATE,)) -> NoReturn:
    raise HttpRefusal(
        401,
        "UNAUTHENTICATED",
        detail,
        fix=fix,
        headers={"WWW-Authenticate": f'Bearer realm="orch"{error}'},
    )

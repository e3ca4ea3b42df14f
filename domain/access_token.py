"""A token that lets somebody use the service: whose it is, what it may do, and until when. The secret is never here."""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from domain import hints
from domain.actors import Actor, ActorKind
from domain.aggregates import EventSourced
from domain.errors import Damaged, InvalidInput, NothingChanged, TokenNeedsPerson
from domain.events import DomainEvent
from domain.times import microseconds

PREFIX = "token:"
ID = re.compile(r"[0-9a-f]{12}", re.ASCII)
SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
LONGEST_SECONDS = 366 * 24 * 3600


class Scope(StrEnum):
    """What a token lets its holder do; none includes another."""

    READ = "read"
    WRITE = "write"
    APPROVE = "approve"
    AUDIT = "audit"
    RECOVER = "recover"
    ADMIN = "admin"
    METRICS = "metrics"
    """Figures about the service, and nothing that anybody wrote."""


class TokenState(NamedTuple):
    """The head of a token's stream."""

    name: str
    kind: ActorKind
    scopes: tuple[Scope, ...]
    sha256: str
    """Hex SHA-256 of the whole token, which has 256 bits of chance in it: nobody finds it from this."""
    expires_at: int
    """µs since the epoch."""
    issued: int
    """The event that issued it."""
    revoked: int = 0
    """The event that revoked it; 0 while nobody has."""

    @property
    def actor(self) -> Actor:
        """Whoever shows the token."""
        return Actor(self.name, self.kind)

    def to_facts(self) -> dict[str, Any]:
        """Return the state as JSON-able values."""
        return {**self._asdict(), "kind": self.kind.value, "scopes": [scope.value for scope in self.scopes]}

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> "TokenState":
        """Return the state that `to_facts` described. Raises `Damaged` for anything else."""
        try:
            known = {"kind": ActorKind(facts["kind"]), "scopes": tuple(map(Scope, facts["scopes"]))}
            return cls(**{**facts, **known})
        except (TypeError, ValueError, KeyError) as error:
            raise Damaged(f"The head of a token does not say what it is: {error}.") from None


class TokenIssued(DomainEvent):
    """Whoever shows the secret of this token acts as `name` from now on."""

    TOPIC: ClassVar[str] = "token.issued"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    name: str
    kind: ActorKind
    scopes: tuple[Scope, ...]
    sha256: str
    expires_at: int
    reason: str | None

    def mutate(self, aggregate: Any) -> Any:
        """Begin the token."""
        if aggregate is not None:
            return super().mutate(aggregate)
        state = TokenState(
            self.name, self.kind, self.scopes, self.sha256, self.expires_at, issued=self.originator_version
        )
        return AccessToken.begin(self, state)


class TokenRevoked(DomainEvent):
    """The token opens nothing any more; what was done with it stays."""

    TOPIC: ClassVar[str] = "token.revoked"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    reason: str | None

    def apply(self, aggregate: "AccessToken") -> None:
        """Note the event that revoked it."""
        aggregate.state = aggregate.state._replace(revoked=self.originator_version)


class AccessToken(EventSourced):
    """One token, from its issue to its revocation."""

    if TYPE_CHECKING:
        state: TokenState

    @classmethod
    def issue(
        cls,
        token: str,
        *,
        to: Actor,
        scopes: Sequence[Scope],
        sha256: str,
        seconds: int,
        reason: str,
        by: Actor,
        at: datetime,
    ) -> Self:
        """Issue a token to somebody. Whoever could issue one could act as anybody, so only people may."""
        if by.kind is not ActorKind.HUMAN:
            raise TokenNeedsPerson(by.name, by.kind, what="issue a token")
        if not SHA256.fullmatch(sha256):
            raise InvalidInput("The digest of a token is a SHA-256 in hex.")
        if not scopes:
            raise InvalidInput(f"A token has at least one scope of {', '.join(Scope)}.", fix=(hints.token(to),))
        if not 1 <= seconds <= LONGEST_SECONDS:
            raise InvalidInput(
                f"A token lives for 1 to {LONGEST_SECONDS} seconds, which is 366 days; got {seconds}.",
                fix=(hints.token(to, scopes, days=90),),
            )
        return cls.start(
            TokenIssued(
                originator_id=stream_of(token),
                originator_version=1,
                timestamp=at,
                by=by,
                name=to.name,
                kind=to.kind,
                scopes=tuple(scope for scope in Scope if scope in scopes),
                sha256=sha256,
                expires_at=microseconds(at) + seconds * 1_000_000,
                reason=reason,
            )
        )

    def revoke(self, *, reason: str, by: Actor, at: datetime) -> None:
        """Revoke it. A service that finds a token in the open may; an agent could lock people out."""
        if by.kind is ActorKind.AGENT:
            raise TokenNeedsPerson(by.name, by.kind, what="revoke a token")
        if self.state.revoked:
            raise NothingChanged(
                f"The token {self.id.removeprefix(PREFIX)} is revoked already.", fix=("orch token list",)
            )
        self.happen(TokenRevoked, reason=reason, by=by, at=at)


def stream_of(token: str) -> str:
    """Return the stream of a token. Raises `InvalidInput` for what is no id of one."""
    if not ID.fullmatch(token):
        raise InvalidInput(
            "A token's id has 12 digits of 0-9 and a-f, those after orch_ in its text; the rest of it stays secret.",
            fix=("orch token list",),
        )
    return f"{PREFIX}{token}"

"""The tokens of the service: whose they are, what they may do, and which of them still open something."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypedDict

from domain.access_token import PREFIX, Scope, TokenState
from domain.event_log import Head, Told
from domain.times import rfc3339
from projections.moments import maybe_rfc3339
from projections.people import Person, person
from projections.places import Place


class TokenStanding(StrEnum):
    """Whether a token still opens something."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


class TokenRow(TypedDict):
    """One token; its secret is known to nobody but its holder. `last_used_at` is of this machine, to the minute."""

    id: str
    prefix: str
    """How its secret begins: what a leaked one is recognised by."""
    actor: Person
    scopes: list[Scope]
    state: TokenStanding
    issued_at: str
    issued_by: Person
    expires_at: str
    revoked_at: str | None
    revoked_by: Person | None
    reason: str | None
    last_used_at: str | None


def standing(state: TokenState, *, now_us: int) -> TokenStanding:
    """Return whether a token opens something at a time."""
    if state.revoked:
        return TokenStanding.REVOKED
    return TokenStanding.ACTIVE if now_us < state.expires_at else TokenStanding.EXPIRED


def places(heads: Iterable[Head]) -> list[Place]:
    """Return the events that the rows of some tokens need."""
    states = [(head.stream, TokenState.from_facts(head.facts)) for head in heads]
    return [(stream, version) for stream, s in states for version in (s.issued, s.revoked) if version]


def token_rows(
    heads: Iterable[Head], told: Mapping[Place, Told], used: Mapping[str, int | None], *, now_us: int
) -> list[TokenRow]:
    """Return a row for each token, in the order they were issued. `used` tells by id when each was last used, in µs."""
    found: list[tuple[int, TokenRow]] = []
    for head in heads:
        state, token = TokenState.from_facts(head.facts), head.stream.removeprefix(PREFIX)
        issued = told[head.stream, state.issued]
        revoked = told[head.stream, state.revoked] if state.revoked else None
        row: TokenRow = {
            "id": token,
            "prefix": f"orch_{token}_",
            "actor": person(state.actor),
            "scopes": list(state.scopes),
            "state": standing(state, now_us=now_us),
            "issued_at": rfc3339(issued.recorded_at),
            "issued_by": person(issued.by),
            "expires_at": rfc3339(state.expires_at),
            "revoked_at": rfc3339(revoked.recorded_at) if revoked else None,
            "revoked_by": person(revoked.by) if revoked else None,
            "reason": (issued.texts or {}).get("reason") or None,
            "last_used_at": maybe_rfc3339(used.get(token)),
        }
        found.append((issued.position, row))
    return [row for _, row in sorted(found, key=lambda each: each[0])]

"""Which revocations going back to an earlier moment would undo: what was taken from somebody, and opens again."""

from collections.abc import Iterable
from typing import Literal, TypedDict

from domain.access_token import PREFIX, TokenIssued, TokenRevoked
from domain.event_log import Record
from domain.events import DomainEvent
from domain.ledger_events import KeyRotated
from domain.policy import RoleGranted, RoleRevoked
from domain.times import rfc3339

TOPICS = frozenset(each.TOPIC for each in (TokenIssued, TokenRevoked, KeyRotated, RoleGranted, RoleRevoked))
"""The events that have to be decoded for it."""


class UndoneRevocation(TypedDict):
    """A token by its id, a role and who held it, or the key that another one has replaced; and when that was."""

    kind: Literal["token", "role", "key"]
    name: str
    role: str | None
    position: int
    recorded_at: str


def undone_revocations(after: Iterable[tuple[Record, DomainEvent]]) -> list[UndoneRevocation]:
    """Return what was in force at a moment and is not any more; `after` are the events since then."""
    found: dict[object, UndoneRevocation] = {}
    new: set[object] = set()
    """Tokens and holders of roles that the moment did not know: going back takes them away altogether."""
    for record, event in after:
        match event:
            case TokenIssued():
                new.add(record.stream)
            case TokenRevoked() if record.stream not in new:
                found[record.stream] = _row("token", record.stream.removeprefix(PREFIX), record)
            case RoleGranted():
                if found.pop((event.name, event.role), None) is None:
                    new.add((event.name, event.role))
            case RoleRevoked() if (event.name, event.role) not in new:
                found[event.name, event.role] = _row("role", event.name, record, role=event.role)
            case KeyRotated():
                found.setdefault(KeyRotated, _row("key", event.replaces, record))
    return list(found.values())


def _row(
    kind: Literal["token", "role", "key"], name: str, record: Record, *, role: str | None = None
) -> UndoneRevocation:
    return {
        "kind": kind,
        "name": name,
        "role": role,
        "position": record.position,
        "recorded_at": rfc3339(record.recorded_at),
    }

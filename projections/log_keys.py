"""Which keys have spoken for the log, and which must sign a checkpoint."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from domain.event_log import Head, Record
from domain.events import DomainEvent
from domain.ledger_events import KeyRotated
from domain.ledger_state import LedgerState
from domain.project import ProjectState


class LogKeys(NamedTuple):
    """Verifier keys, C2SP signed-note."""

    current: str
    replaced: tuple[str, ...]
    """The keys before it, the oldest first."""


def log_keys(project: Head, ledger: Head | None) -> LogKeys:
    """Return the keys as the heads know them."""
    state = LedgerState.from_facts(ledger.facts) if ledger else LedgerState()
    return LogKeys(state.public_key or ProjectState.from_facts(project.facts).public_key, state.replaced)


def signers(keys: LogKeys, rotations: Iterable[tuple[Record, DomainEvent]], *, covered: int) -> Sequence[str]:
    """Return the keys that sign the next checkpoint, when the last one covers `covered` events.

    A key that was replaced since then signs once more: who knows only that key can follow to the new one.
    """
    since = [e.replaces for r, e in rotations if isinstance(e, KeyRotated) and r.position > covered]
    return (keys.current, *since)

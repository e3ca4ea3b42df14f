"""Which keys have spoken for the log, and which must sign a checkpoint."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from domain.event_log import Head, Record
from domain.events import DomainEvent
from domain.ledger_events import Forked, KeyRotated
from domain.ledger_state import LedgerState
from domain.lineage import Lineage
from domain.project_state import ProjectState


class LogKeys(NamedTuple):
    """Verifier keys, C2SP signed-note."""

    current: str
    replaced: tuple[str, ...]
    """The keys before it, the oldest first."""


def log_keys(project: Head, ledger: Head | None) -> LogKeys:
    """Return the keys as the heads know them."""
    state = LedgerState.from_facts(ledger.facts) if ledger else LedgerState()
    first = ProjectState.from_facts(project.facts).public_key
    current = state.public_key or first
    # a fork from a log that was a fork itself names that one's key, not the one the rows before it began with
    return LogKeys(current, state.replaced if first in (current, *state.replaced) else (first, *state.replaced))


def lineage_of(project: Head, ledger: Head | None) -> Lineage:
    """Return the names that the log has had, as the heads know them."""
    state = LedgerState.from_facts(ledger.facts) if ledger else LedgerState()
    return Lineage(ProjectState.from_facts(project.facts).origin, state.forks)


def signers(keys: LogKeys, rotations: Iterable[tuple[Record, DomainEvent]], *, covered: int) -> Sequence[str]:
    """Return the keys that sign the next checkpoint, when the last one covers `covered` events.

    A key that was replaced since then signs once more: who knows only that key can follow to the new one. The keys of
    a log that was left sign nothing any more.
    """
    since: list[str] = []
    for record, event in rotations:
        if isinstance(event, Forked):
            since = []
        elif isinstance(event, KeyRotated) and record.position > covered:
            since.append(event.replaces)
    return (keys.current, *since)

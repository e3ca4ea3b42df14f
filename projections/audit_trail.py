"""The audit trail: every event of the log with the states around it and its leaf, and which rows are wanted."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from domain.actors import ActorKind
from domain.event_log import Record
from domain.events import DomainEvent
from domain.phase_state import PhaseState
from domain.steps import Step, StepState
from projections.folding import Change, changes
from projections.history import HistoryRow, history
from projections.imports import Imports
from projections.redactions import NONE, Redactions


class Standing(StrEnum):
    """Where a phase stands as a whole."""

    IN_PROGRESS = "in_progress"
    BLOCKED = "blocked"
    HANDED_OFF = "handed_off"
    ARCHIVED = "archived"


State: TypeAlias = StepState | Standing


class TrailRow(HistoryRow):
    """One event, with the state of its step (else of its phase) before and after; project and policy have none."""

    from_state: State | None
    to_state: State | None
    leaf: str
    """Hex RFC 6962 leaf hash of the entry."""


class Wanted(NamedTuple):
    """Which rows are asked for; None asks for any. Times have become positions before: time grows with them."""

    actor: str | None = None
    kind: ActorKind | None = None
    phase: str | None = None
    step: Step | None = None
    topic: str | None = None
    """A topic, or the beginning of topics with its dot: `phase.`"""
    first: int = 1
    last: int | None = None
    forced: bool = False


def audit_trail(happenings: Iterable[tuple[Record, DomainEvent]], redactions: Redactions = NONE) -> Iterator[TrailRow]:
    """Yield a row for each event of whole streams. Memory grows with the number of streams, not of events."""
    imports = Imports()
    for change in changes(happenings):
        (row,) = history([(change.record, change.event)], redactions, imports)
        before, after = _states(change, row["step"])
        yield {**row, "from_state": before, "to_state": after, "leaf": change.record.leaf.hex()}


def is_wanted(row: TrailRow, wanted: Wanted) -> bool:
    """Tell whether a row passes all filters."""
    return (
        row["position"] >= wanted.first
        and (wanted.last is None or row["position"] <= wanted.last)
        and wanted.actor in (None, row["actor"]["name"])
        and wanted.kind in (None, row["actor"]["kind"])
        and wanted.phase in (None, row["phase"])
        and wanted.step in (None, row["step"])
        and (wanted.topic is None or has_topic(row["topic"], wanted.topic))
        and (row["forced"] or not wanted.forced)
    )


def has_topic(topic: str, asked: str) -> bool:
    """Tell whether a topic is the one asked for, or begins with what ends in a dot."""
    return topic.startswith(asked) if asked.endswith(".") else topic == asked


def _states(change: Change, step: Step | None) -> tuple[State | None, State | None]:
    return _state(change.before, step), _state(change.after, step)


def _state(facts: Any, step: Step | None) -> State | None:
    if not isinstance(facts, PhaseState):
        return None
    if step is not None:
        return facts.documents[step].state
    if facts.archived:
        return Standing.ARCHIVED
    if facts.handed_off:
        return Standing.HANDED_OFF
    return Standing.BLOCKED if facts.open_blockers else Standing.IN_PROGRESS

"""Fold a log event by event: the state of a stream before and after each."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from domain.aggregates import EventSourced
from domain.errors import Damaged
from domain.event_log import Record
from domain.events import DomainEvent


class Change(NamedTuple):
    """One event, and its stream's facts before and after it."""

    record: Record
    event: DomainEvent
    before: Any
    """None before the first event of a stream."""
    after: Any


def fold(aggregates: dict[str, EventSourced], position: int, stream: str, event: DomainEvent) -> EventSourced:
    """Return the stream's aggregate after the event at a position, and keep it among the others.

    Raises `Damaged` when a stream has a gap or belongs to something else.
    """
    aggregate = aggregates.get(stream)
    expected = aggregate.version + 1 if aggregate is not None else 1
    if event.originator_version != expected or event.originator_id != stream:
        raise Damaged(
            f"Position {position} holds version {event.originator_version} of {event.originator_id},"
            f" but version {expected} of {stream} was expected."
        )
    after: EventSourced = event.mutate(aggregate)
    aggregates[stream] = after
    return after


def changes(history: Iterable[tuple[Record, DomainEvent]]) -> Iterator[Change]:
    """Yield every event of whole streams with what it changed. Holds one state for each stream, and no more."""
    aggregates: dict[str, EventSourced] = {}
    for record, event in history:
        known = aggregates.get(record.stream)
        before = known.state if known is not None else None  # states are values: the next event makes a new one
        yield Change(record, event, before, fold(aggregates, record.position, record.stream, event).state)

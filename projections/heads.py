"""Heads made from the events themselves: what the log knew at an earlier moment."""

from collections.abc import Iterable

from domain.aggregates import EventSourced
from domain.event_log import Head, Record
from domain.events import DomainEvent
from projections.folding import fold


def heads_from(history: Iterable[tuple[Record, DomainEvent]]) -> dict[str, Head]:
    """Fold whole streams, given in the order of the log, into their heads after the last event, ordered by name.

    Raises `Damaged` when a stream has a gap or belongs to something else.
    """
    aggregates: dict[str, EventSourced] = {}
    positions: dict[str, int] = {}
    for record, event in history:
        fold(aggregates, record, event)
        positions[record.stream] = record.position
    return {
        stream: Head(stream, aggregate.version, positions[stream], aggregate.head())
        for stream, aggregate in sorted(aggregates.items())
    }

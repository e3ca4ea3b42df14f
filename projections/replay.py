"""Heads made from the events themselves: what the log knew at an earlier moment."""

from collections.abc import Iterable

from domain.aggregates import EventSourced
from domain.errors import Damaged
from domain.event_log import Head, Record
from domain.events import DomainEvent


def heads_from(history: Iterable[tuple[Record, DomainEvent]]) -> dict[str, Head]:
    """Fold whole streams, given in the order of the log, into their heads after the last event, ordered by name.

    Raises `Damaged` when a stream has a gap or belongs to something else.
    """
    aggregates: dict[str, EventSourced] = {}
    positions: dict[str, int] = {}
    for record, event in history:
        stream = record.stream
        aggregate = aggregates.get(stream)
        expected = aggregate.version + 1 if aggregate is not None else 1
        if event.originator_version != expected or event.originator_id != stream:
            raise Damaged(
                f"Position {record.position} holds version {event.originator_version} of {event.originator_id},"
                f" but version {expected} of {stream} was expected."
            )
        aggregates[stream] = event.mutate(aggregate)  # type: ignore[assignment]  # only a deletion would give None
        positions[stream] = record.position
    return {
        stream: Head(stream, aggregate.version, positions[stream], aggregate.head())
        for stream, aggregate in sorted(aggregates.items())
    }

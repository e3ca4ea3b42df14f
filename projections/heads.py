"""The heads of all streams, folded event by event, from the beginning or from a snapshot."""

from collections.abc import Iterable, Mapping

from domain.aggregates import EventSourced
from domain.event_log import Head, Record
from domain.events import DomainEvent
from domain.streams import aggregate_of
from projections.folding import fold


class FreshHeads:
    """The state of every stream so far. Streams that no event has touched keep the head they began with."""

    def __init__(self, known: Mapping[str, Head] | None = None) -> None:
        self._heads = dict(known or {})
        self._aggregates: dict[str, EventSourced] = {}
        self._positions: dict[str, int] = {}

    def add(self, position: int, stream: str, event: DomainEvent) -> None:
        """Fold one more event, given in the order of the log. Raises `Damaged` for a stream with a gap."""
        if stream not in self._aggregates and stream in self._heads:
            self._aggregates[stream] = aggregate_of(self._heads[stream])
        fold(self._aggregates, position, stream, event)
        self._positions[stream] = position

    def heads(self) -> dict[str, Head]:
        """Return all heads, ordered by name."""
        for stream, position in self._positions.items():
            aggregate = self._aggregates[stream]
            self._heads[stream] = Head(stream, aggregate.version, position, aggregate.head())
        self._positions.clear()
        return dict(sorted(self._heads.items()))


def heads_from(
    history: Iterable[tuple[Record, DomainEvent]], known: Mapping[str, Head] | None = None
) -> dict[str, Head]:
    """Fold whole streams, or what came after the heads that are known, into their heads after the last event."""
    fresh = FreshHeads(known)
    for record, event in history:
        fresh.add(record.position, record.stream, event)
    return fresh.heads()

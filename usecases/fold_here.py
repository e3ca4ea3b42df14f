"""The fold of a log that is made anew: its heads, and its snapshots as they fall due."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from adapters.codec import event_of
from adapters.envelope import envelope_in
from adapters.snapshots import lines_of, packed
from domain.errors import Damaged
from domain.event_log import Head
from projections.heads import FreshHeads
from usecases.snapshotting import EVERY

COLUMNS = ("position", "stream", "version", "topic", "envelope")
"""What a fold reads of a row."""


def with_envelopes(page: Sequence[Sequence[Any]]) -> Iterator[tuple[int, str, int, str, dict[str, Any]]]:
    """Yield rows of which `COLUMNS` were read. Raises `Damaged` where they contradict the envelope."""
    for position, stream, version, topic, raw in page:
        envelope = envelope_in(raw, position)
        if (envelope["stream"], envelope["version"], envelope["topic"]) != (stream, version, topic):
            raise Damaged(f"The columns at position {position} contradict the envelope beside them.")
        yield position, stream, version, topic, envelope


class Fold(Protocol):
    """What a log needs that is made anew beside its rows."""

    def kept(self) -> list[tuple[int, bytes]]:
        """Return the snapshots that fell due since it was last asked: their positions and what is stored."""
        ...

    def heads(self) -> Mapping[str, Head]:
        """Return all heads after the last event."""
        ...


class FoldHere:
    """A fold in this process, event by event."""

    def __init__(self) -> None:
        self._fresh = FreshHeads()
        self._kept: list[tuple[int, bytes]] = []

    def add(self, position: int, stream: str, version: int, topic: str, envelope: dict[str, Any]) -> None:
        """Fold the next event. Raises as `event_of` does."""
        self._fresh.add(position, stream, event_of(position, stream, version, topic, envelope))
        if position % EVERY == 0:
            self._kept.append((position, packed(lines_of(self._fresh.heads()))))

    def add_page(self, page: Sequence[Sequence[Any]]) -> None:
        """Fold the next rows. Raises as `with_envelopes` and `add` do."""
        for row in with_envelopes(page):
            self.add(*row)

    def kept(self) -> list[tuple[int, bytes]]:
        """Return the snapshots that fell due since it was last asked."""
        kept, self._kept = self._kept, []
        return kept

    def heads(self) -> dict[str, Head]:
        """Return all heads after the last event."""
        return self._fresh.heads()

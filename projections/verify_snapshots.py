"""Hold the snapshots that a log keeps against a fresh fold, each at its position."""

from collections.abc import Callable, Mapping, Sequence

from domain.aggregates import EventSourced
from domain.event_log import Head


class Snapshots:
    """The snapshots still to come. What is kept is a line for each stream, made anew only where something happened."""

    def __init__(
        self, positions: Sequence[int], lines_at: Callable[[int], bytes | None], line_of: Callable[[Head], bytes]
    ) -> None:
        self._coming = sorted(positions, reverse=True)
        self._lines_at = lines_at
        self._line_of = line_of
        self._lines: dict[str, bytes] = {}
        self._names: list[str] = []
        self._touched: dict[str, int] = {}

    @property
    def next(self) -> int:
        """The position of the next snapshot; 0 stands for none."""
        return self._coming[-1] if self._coming else 0

    def touched(self, stream: str, position: int) -> None:
        """Note the latest event of a stream."""
        self._touched[stream] = position

    def holds(self, aggregates: Mapping[str, EventSourced]) -> bool:
        """Tell whether the next snapshot says what was folded up to its position, and go on to the one after it."""
        position = self._coming.pop()
        before = len(self._lines)
        for stream, at in self._touched.items():
            aggregate = aggregates[stream]
            self._lines[stream] = self._line_of(Head(stream, aggregate.version, at, aggregate.head()))
        self._touched.clear()
        if len(self._lines) > before:
            self._names = sorted(self._lines)
        kept = self._lines_at(position)
        return kept is None or kept == b"".join([self._lines[name] for name in self._names])

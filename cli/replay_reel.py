"""Rows that are read as they are wanted: forward from a source, back from what is kept or from the beginning again."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cli.progress import Progress
from projections.replay import ReplayRow

KEPT = 1000
"""Rows behind the current one that need no second reading; memory does not grow with the log."""

Tick = Callable[[], None]
Source = Callable[[Tick], Iterator[ReplayRow]]
"""Gives all rows from the beginning, and tells of every event that it reads."""


class Reel:
    """Where somebody is in a long history."""

    def __init__(self, source: Source, *, events: int) -> None:
        self._source, self._events = source, events
        self._progress: Progress | None = None
        self._rewind()
        self._number = 1
        self.row = self._find(1, lambda _: True)
        """The current row; None where there is none at all."""

    def next(self) -> bool:
        """Go to the next row; False at the last one."""
        return self._go(self._number + 1, lambda _: True)

    def back(self) -> bool:
        """Go to the row before; False at the first one."""
        return self._number > 1 and self._go(self._number - 1, lambda _: True)

    def go(self, position: int) -> bool:
        """Go to the first row at or behind a position; False where there is none."""
        near = bool(self._kept) and self._kept[0]["position"] <= position
        return self._go(self._before + 1 if near else 1, lambda row: row["position"] >= position)

    def skip(self, wanted: Callable[[ReplayRow], bool]) -> bool:
        """Go to the next row that is wanted; False where there is none."""
        return self._go(self._number + 1, wanted)

    @property
    def _before(self) -> int:
        """How many rows were read and are no longer kept."""
        return self._count - len(self._kept)

    def _go(self, number: int, wanted: Callable[[ReplayRow], bool]) -> bool:
        found = self._find(number, wanted)
        if found is not None:
            self.row = found
        return found is not None

    def _find(self, number: int, wanted: Callable[[ReplayRow], bool]) -> ReplayRow | None:
        """Return the first wanted row from a number on, and stand there."""
        with self._watched():
            while (row := self._at(number)) is not None:
                if wanted(row):
                    self._number = number
                    return row
                number += 1
        return None

    def _at(self, number: int) -> ReplayRow | None:
        if number <= self._before:
            self._rewind()
        while self._count < number:
            row = next(self._rows, None)
            if row is None:
                return None
            self._kept.append(row)
            self._count += 1
        return self._kept[number - self._before - 1]

    def _rewind(self) -> None:
        self._rows = self._source(self._tick)
        self._kept: deque[ReplayRow] = deque(maxlen=KEPT)
        self._count = 0

    @contextmanager
    def _watched(self) -> Iterator[None]:
        with Progress(self._events) as self._progress:
            yield

    def _tick(self) -> None:
        if self._progress is not None:
            self._progress.advance()

"""How far a long command is: count, rate and time left on stderr, where a person looks."""

import sys
from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from types import TracebackType
from typing import Self, TextIO, TypeVar

PATIENCE_S = 1.0
"""A command that takes less shows nothing."""
EVERY_S = 0.1
EVERY = 256
"""Looking at the clock costs; it is asked once for that many items."""
CLEAR = "\r\x1b[K"

T = TypeVar("T")


class Progress:
    """Use it as a context; tell it what is done. Silent where stderr is no terminal."""

    def __init__(
        self,
        total: int,
        what: str = "events",
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = monotonic,
        wanted: bool = True,
        every: int = EVERY,
    ) -> None:
        self._every = every
        self._total, self._what = total, what
        self._stream, self._clock = stream or sys.stderr, clock
        self._on = wanted and self._stream.isatty()
        self._began = clock()
        self._next = self._began + PATIENCE_S
        self._done = 0
        self._unseen = 0
        self._drawn = False

    def advance(self, count: int = 1) -> None:
        """Say that so many more items are done; less than none, where they have to be done again."""
        self._done += count
        self._unseen += abs(count)
        if self._on and self._unseen >= self._every:
            self._unseen = 0
            now = self._clock()
            if now >= self._next:
                self._next = now + EVERY_S
                self._drawn = True
                self._write(f"{CLEAR}{line(self._done, self._total, now - self._began, self._what)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._drawn:
            self._write(CLEAR)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:  # the terminal has gone; the work has not
            self._on = self._drawn = False


def line(done: int, total: int, seconds: float, what: str) -> str:
    """Return the bar in words."""
    rate = done / seconds if seconds > 0 else 0.0
    left = f", {_duration((total - done) / rate)} left" if rate and total >= done else ""
    share = f" ({done * 100 // total} %)" if total else ""
    return f"{done:,} of {total:,} {what}{share}, {rate:,.0f}/s{left}"


def watched(items: Iterable[T], total: int, what: str = "events", *, wanted: bool = True) -> Iterator[T]:
    """Yield the items and show how far it is."""
    with Progress(total, what, wanted=wanted) as progress:
        for item in items:
            yield item
            progress.advance()


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"

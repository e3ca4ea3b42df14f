"""Work that nobody waits for: a bounded queue and one thread; what does not fit is counted, never waited for."""

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Background(Generic[T]):
    """Does one thing after the other, aside. Whoever asks for it is never held up and never told of its failures."""

    def __init__(self, name: str, work: Callable[[T], None], *, most: int) -> None:
        self._work, self._most, self._queue = work, most, SimpleQueue[T]()
        self.ending = Event()
        """Set once it is to end: work that waits for something gives up then."""
        self.lost = 0
        """How much there was no room for."""
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How much is still to be done."""
        return self._queue.qsize()

    def put(self, what: T) -> bool:
        """Have something done, unless too much waits already; each of several threads may be the last that had room."""
        if self._queue.qsize() >= self._most:
            self.lost += 1
            return False
        self._queue.put(what)
        return True

    def close(self, *, seconds: float) -> None:
        """Let it end what waits, for so long at the most."""
        self.ending.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while True:
            try:
                what = self._queue.get(timeout=0.1)
            except Empty:
                if self.ending.is_set():
                    return
                continue
            self._work(what)

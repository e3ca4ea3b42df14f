"""Who may begin: so many operations at a time, so many that wait in line, and nobody for ever."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from adapters.process_memory import ProcessMemory
from api.problems import RETRY_SECONDS, HttpRefusal

QUEUE_FULL = "QUEUE_FULL"
TIMED_OUT = "OPERATION_TIMEOUT"
MEMORY = "MEMORY_LIMIT"
FOR_WRITES = 4
"""One place in so many is for writes only, so that long reads do not keep them out."""


class Gone(Exception):
    """Whoever waited is not there any more."""


class Capacity:
    """Places for operations, and the line before them. Used from the event loop only."""

    def __init__(self, most: int, room: int, memory: ProcessMemory) -> None:
        self.most, self.room, self.memory = most, room, memory
        self.running = 0
        self.refused: Counter[str] = Counter()
        """Requests that were refused before anything was done, by code."""
        self._most_reads = most - most // FOR_WRITES
        self._reads = 0
        self._number = 0
        self._lines: dict[bool, dict[int, asyncio.Future[None]]] = {True: {}, False: {}}
        """Those who wait, by whether they read, in the order they came."""

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return sum(map(len, self._lines.values()))

    async def enter(self, *, reads: bool, seconds: float, gone: Callable[[], Awaitable[Any]]) -> None:
        """Take a place, after waiting for it; `gone` ends when whoever asked has left.

        Raises `HttpRefusal` where no room is, memory is short or the time is over, and `Gone`.
        """
        self.refuse_full_memory()
        if self._is_free(reads=reads) and not self._lines[reads]:
            self._take(reads=reads)
            return
        if (waiting := self.waiting) >= self.room:
            raise self.refusal(QUEUE_FULL, f"{self.running} operations run and {waiting} requests wait: no more may.")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._number += 1
        number = self._number
        self._lines[reads][number] = turn
        left: asyncio.Future[Any] = asyncio.ensure_future(gone())
        try:
            await asyncio.wait({turn, left}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._withdraw(number, reads=reads)
            raise
        finally:
            left.cancel()
        if turn.done():
            return
        self._withdraw(number, reads=reads)
        if left.done() and not left.cancelled():
            raise Gone
        raise self.refusal(TIMED_OUT, f"Other operations took all places for {seconds:.3g} s.")

    def refuse_full_memory(self) -> None:
        """Refuse new work while the service takes as much memory as it may."""
        if self.memory.is_full:
            raise self.refusal(MEMORY, "The service takes as much memory as it may; new work waits until it is less.")

    def leave(self, *, reads: bool) -> None:
        """Give a place back; the first in line who may take it does."""
        self.running -= 1
        self._reads -= reads
        self._admit()

    def refusal(self, code: str, why: str) -> HttpRefusal:
        """Count a refusal, and return it: nothing was done, so doing it again is safe."""
        self.refused[code] += 1
        return HttpRefusal(
            503, code, f"{why} Nothing was recorded; repeating is safe.", headers={"Retry-After": RETRY_SECONDS}
        )

    def _is_free(self, *, reads: bool) -> bool:
        return self.running < self.most and (not reads or self._reads < self._most_reads)

    def _take(self, *, reads: bool) -> None:
        self.running += 1
        self._reads += reads

    def _withdraw(self, number: int, *, reads: bool) -> None:
        """Leave the line; a place that was given at this very moment goes to the next."""
        if self._lines[reads].pop(number, None) is None:
            self.leave(reads=reads)

    def _admit(self) -> None:
        """Let in who came first, as far as there are places for them."""
        while first := [
            (next(iter(line)), reads) for reads, line in self._lines.items() if line and self._is_free(reads=reads)
        ]:
            number, reads = min(first)
            self._take(reads=reads)
            self._lines[reads].pop(number).set_result(None)

"""How much memory this process takes, and giving back what it only keeps for later."""

import gc
from collections.abc import Callable
from contextlib import suppress
from ctypes import CDLL
from os import sysconf
from pathlib import Path
from time import monotonic

STATM = Path("/proc/self/statm")
PAGE = sysconf("SC_PAGESIZE")
SAMPLED_S = 0.05
"""How old a figure may be: it is asked for with every request."""
M_ARENA_MAX = -8
"""Its number in malloc.h of the GNU C library; others do not know mallopt, or take no notice."""
TRIMMED_S = 2.0
"""How often memory is given back while too much is taken: looking for garbage stops every thread."""


def resident_bytes() -> int:
    """Return the resident set of this process (proc(5), the second number of statm)."""
    return int(STATM.read_bytes().split()[1]) * PAGE


def give_back() -> None:
    """Give memory back to the system that Python and the C library only keep for later."""
    gc.collect()
    trim()


def trim() -> None:
    """Give back what the C library keeps: with many threads that grows for hours, in pieces. Stops no other thread."""
    with suppress(OSError, AttributeError):  # a C library without it (musl) gives back by itself
        CDLL(None).malloc_trim(0)


def keep_few_arenas() -> None:
    """Let all threads take memory from the same two places: each with its own keeps what it took once (mallopt(3))."""
    with suppress(OSError, AttributeError):
        CDLL(None).mallopt(M_ARENA_MAX, 2)


class ProcessMemory:
    """Tells whether this process takes more memory than it may. What it could do without is given back first."""

    def __init__(self, most: int, *, measured: Callable[[], int] = resident_bytes) -> None:
        self.most = most
        self._measured = measured
        self._resident, self._looked, self._trimmed = 0, -SAMPLED_S, -TRIMMED_S

    @property
    def resident(self) -> int:
        """Bytes that the process takes, as of a moment ago."""
        now = monotonic()
        if now - self._looked >= SAMPLED_S:
            self._resident, self._looked = self._measured(), now
        return self._resident

    @property
    def is_full(self) -> bool:
        """Whether new work has to be refused."""
        if self.resident <= self.most:
            return False
        if monotonic() - self._trimmed >= TRIMMED_S:
            give_back()
            self._trimmed, self._resident = monotonic(), self._measured()
        return self._resident > self.most

"""How work that goes on until somebody ends it is ended: between two things, not in the middle of one."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from select import select
from types import FrameType


class Stop:
    """Whether the work is to end. Unlike an `Event` it has no lock: a signal may come while its own thread waits.

    A byte in a pipe wakes whoever waits, in whatever thread, and stays there for all who wait later.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._woken, self._waker = os.pipe()

    def set(self) -> None:
        """End it; any number of times, also from within a signal handler."""
        if not self._is_set:
            self._is_set = True
            os.write(self._waker, b".")

    def is_set(self) -> bool:
        """Tell whether it is to end."""
        return self._is_set

    def wait(self, seconds: float) -> bool:
        """Wait for so long at the most, and tell whether it is to end."""
        if not self._is_set:
            select([self._woken], [], [], seconds)
        return self._is_set

    def close(self) -> None:
        """Let go of the pipe."""
        os.close(self._woken)
        os.close(self._waker)


@contextmanager
def stopped_by_signals() -> Iterator[Stop]:
    """Let SIGTERM and SIGINT end the work where it is safe, instead of where it happens to be."""
    stop = Stop()

    def told(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = [(number, signal.signal(number, told)) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        yield stop
    finally:
        for number, handler in before:
            signal.signal(number, handler)
        stop.close()

"""The queue of writers: one at a time per machine, in the order they came."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from threading import Event, Lock, Thread

from domain.errors import Unavailable


class WritersQueue:
    """An exclusive lock on a side file. The kernel serves those who wait in turn, which SQLite's own lock does not."""

    def __init__(self, path: Path, *, timeout_s: float, what: str = "the log") -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._what = what

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for our turn, at most so long; raises `Unavailable`."""
        try:
            file = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Unavailable(f"{self._path}: {error.strerror}.") from error
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            self._wait(file)
        except OSError as error:  # a file system without locks
            os.close(file)
            raise Unavailable(f"{self._path}: {error.strerror}.") from error
        try:
            yield
        finally:
            os.close(file)

    def _wait(self, file: int) -> None:
        """Wait in a thread: a blocking flock keeps its place in the queue, but knows no time limit.

        Whoever gives up leaves the thread behind; it closes the file, and with it the lock, once it gets it.
        """
        got, guard = Event(), Lock()
        given_up = False
        failed: OSError | None = None

        def block() -> None:
            nonlocal failed
            try:
                flock(file, LOCK_EX)
            except OSError as error:
                failed = error
            with guard:
                got.set()
                if given_up:
                    os.close(file)

        Thread(target=block, daemon=True).start()
        try:
            if not got.wait(self._timeout_s):
                raise Unavailable(f"Other writers have held {self._what} for {_words(self._timeout_s)}.")
            if failed is not None:
                raise Unavailable(f"{self._path}: {failed.strerror}.") from failed
        except BaseException:  # a signal that ends the waiting is giving up too: nobody else would close the file
            with guard:
                given_up = True
                if got.is_set():
                    os.close(file)
            raise


def _words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"

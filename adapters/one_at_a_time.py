"""A lock on a side file for what only one process does at a time; nobody queues for it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from time import monotonic, sleep

from domain.errors import Unavailable

MOMENT_S = 0.05
"""Whoever only asks whether the lock is held holds it for less."""


@contextmanager
def alone(path: Path, *, otherwise: Unavailable) -> Iterator[None]:
    """Hold the lock, or raise what is said to whoever comes second."""
    try:
        file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}.") from error
    try:
        until = monotonic() + MOMENT_S
        while not _taken(file, path):
            if monotonic() > until:
                raise otherwise
            sleep(0.005)
        yield
    finally:
        os.close(file)


def _taken(file: int, path: Path) -> bool:
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # a file system without locks
        raise Unavailable(f"{path}: {error.strerror}.") from error
    return True


def is_held(path: Path) -> bool:
    """Tell whether somebody holds the lock now."""
    try:
        file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False

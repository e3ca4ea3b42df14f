"""Work that takes long: few at a time, so that the others are answered meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from api.problems import HttpRefusal

AT_ONCE = 2
"""So many look through the whole log, or write it somewhere, at the same time."""
AGAIN_SECONDS = "5"
_room = BoundedSemaphore(AT_ONCE)


@contextmanager
def long_work() -> Iterator[None]:
    """Hold one of the few places, or refuse: who waited here would hold a thread that others need."""
    if not _room.acquire(blocking=False):
        raise HttpRefusal(
            503,
            "UNAVAILABLE",
            f"{AT_ONCE} long requests are under way; nothing was begun.",
            headers={"Retry-After": AGAIN_SECONDS},
        )
    try:
        yield
    finally:
        _room.release()

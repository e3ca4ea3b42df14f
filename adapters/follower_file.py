"""Where a follower keeps what it makes, who may hold it, and how a fresh copy takes its place."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple, TypeVar

from adapters.durable import sync
from adapters.follower_store import files_spoken, glance, remove
from adapters.one_at_a_time import alone, is_held
from adapters.writers_queue import WritersQueue
from domain.errors import Unavailable
from domain.event_log import EventLog
from domain.following import Followed, Follower, FollowerBroken, Step, advance, doubt_about

PATIENCE_S = 120.0
"""So long somebody waits for another one, who may be making the whole of it."""

PAUSE_S, LONGEST_PAUSE_S = 0.005, 0.05

F = TypeVar("F", bound=Follower)


class FollowerFile(NamedTuple):
    """A file that is used under the lock beside it, by one process at a time.

    So it can be thrown away, or give its name to a fresh copy, without SQLite meeting it half-way.
    """

    path: Path
    what: str
    """As people name it."""

    @contextmanager
    def held(self, opened: Callable[[Path], F]) -> Iterator[F]:
        """Open what is kept and hold it, alone."""
        with self.turn():
            follower = opened(self.path)
            try:
                yield follower
            finally:
                follower.close()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the lock, whatever is in the file."""
        with files_spoken():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with WritersQueue(self.path.with_suffix(".lock"), timeout_s=PATIENCE_S, what=self.what).turn():
            yield

    def seen(self) -> Followed | None:
        """Return how far it is, now, without waiting for whoever holds it. Raises as `glance`."""
        lock = self.path.with_suffix(".lock")
        if not os.path.lexists(self.path) or is_held(lock) or not os.access(self.path.parent, os.W_OK):
            return glance(self.path)
        with alone(lock, otherwise=Unavailable(f"{self.what} is in use.")):
            return glance(self.path, mends=True)

    def wait_for(self, log: EventLog, position: int, *, timeout_s: float) -> bool:
        """Wait until this holds what the log held at a position, so that somebody reads what they wrote.

        What was made of another log, or of another history of this one, holds nothing of it.
        """
        until, pause = monotonic() + timeout_s, PAUSE_S
        while True:
            with suppress(FollowerBroken, Unavailable):  # it is being made, or is in use
                seen = self.seen()
                if seen is not None and seen.position >= position and not doubt_about(seen, log):
                    return True
            if monotonic() + pause > until:
                return False
            sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    @property
    def fresh(self) -> "FollowerFile":
        """Where a copy is made that is to take this one's place."""
        return self._replace(path=self.path.with_name(f"{self.path.stem}-fresh{self.path.suffix}"))

    def next_batch(self, opened: Callable[[Path], F], log: EventLog) -> Step:
        """Hold it for one batch, so that others get their turn in between."""
        with self.held(opened) as follower:
            return advance(follower, log)

    def rebuild(self, opened: Callable[[Path], F], log: EventLog, *, done: Callable[[Step], None]) -> None:
        """Make a fresh copy beside the one that serves, and let it take its place in one step once it is up to date.

        Readers wait for no more than the last few events. Killed at any moment, the old copy or the new one is there,
        whole; what is left of the fresh one is thrown away by whoever rebuilds next. `done` may raise to end it.
        """
        fresh = self.fresh
        with files_spoken():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        otherwise = Unavailable(f"Another command is making {self.what} anew.")
        with alone(self.path.with_name(f"{self.path.stem}-rebuild.lock"), otherwise=otherwise), fresh.emptied():
            _catch_up(fresh, opened, log, done)
            with self.turn():
                _catch_up(fresh, opened, log, done)
                with fresh.turn():
                    self._replaced_by(fresh, opened)

    @contextmanager
    def emptied(self) -> Iterator[None]:
        """Begin with nothing; where what is done with it fails, leave nothing either."""
        with self.turn():
            remove(self.path)
        try:
            yield
        except BaseException:
            with self.turn():
                remove(self.path)
            raise

    def _replaced_by(self, fresh: "FollowerFile", opened: Callable[[Path], F]) -> None:
        """Give the name to the fresh copy. A journal of the old one would be taken for one of the new one."""
        opened(self.path).close()  # what was left half done is undone, so that its journal is empty
        with files_spoken():
            for path in (self.path, fresh.path):
                path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
            sync(self.path.parent)
            os.replace(fresh.path, self.path)
            sync(self.path.parent)


def _catch_up(file: FollowerFile, opened: Callable[[Path], F], log: EventLog, done: Callable[[Step], None]) -> None:
    behind = True
    while behind:
        step = file.next_batch(opened, log)
        done(step)
        behind = step.behind

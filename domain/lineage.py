"""Where a log comes from: the logs it was forked from, and how much of them it shares."""

from typing import NamedTuple


class Fork(NamedTuple):
    """From `size` events on, another log went on under its own name."""

    parent: str
    """The origin of the log that was left."""
    size: int
    """How many events both share."""
    origin: str
    """The origin from the next position on."""
    parent_size: int
    """How many events the parent had, as far as was known."""


class Lineage(NamedTuple):
    """The names a log has had, in the order of its positions."""

    first: str
    """The origin that the project began with."""
    forks: tuple[Fork, ...] = ()

    @property
    def origin(self) -> str:
        """The name the log has now."""
        return self.forks[-1].origin if self.forks else self.first

    @property
    def names(self) -> frozenset[str]:
        """Every name the log has had, and those of the logs it left."""
        return frozenset((self.first, *(name for fork in self.forks for name in (fork.parent, fork.origin))))

    def origin_at(self, position: int) -> str:
        """Return the origin that the envelope at a position names."""
        return next((fork.origin for fork in reversed(self.forks) if position > fork.size), self.first)

    def fork_from(self, origin: str) -> Fork | None:
        """Return where this log left another one, or None where it never was that log, or still is."""
        names = (self.first, *(fork.origin for fork in self.forks))
        left = [f for f, before in zip(self.forks, names, strict=False) if origin in (f.parent, before)]
        return left[-1] if left and origin != self.origin else None

    def shared_with(self, origin: str, size: int) -> int:
        """Return how many of the first events of a log of that name and size are this log's, too; 0 for a stranger."""
        if origin == self.origin:
            return size
        fork = self.fork_from(origin)
        return min(fork.size, size) if fork else 0

"""Hash the rows between two positions of a log, and hold them against the hashes it keeps."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cli.verifying_beside import unsound_in
from domain.errors import Damaged
from domain.event_log import EventLog
from domain.tree_ranges import TILE
from projections.verify_seals import SEALED, Sealed, Seals


class Order(NamedTuple):
    """What has to be hashed."""

    first: int
    last: int
    sizes: Sequence[int] = ()
    """Sizes at which the leaves of the growing tile are wanted."""
    payloads: bool = True
    store: bool = False
    """Let the store look into itself, too."""


class Stretch:
    """A stretch that this process hashes."""

    def __init__(self, log: EventLog, order: Order) -> None:
        self._log, self._order = log, order
        self.first, self.last = order.first, order.last
        self.position = order.first - 1
        """How far it is."""
        self.failed = False
        """Whether something does not fit."""
        self.sealed: Sealed | None = None
        """What it came to, once all of it fits."""
        self.unsound: list[str] = []

    def run(self) -> Iterator[int]:
        """Yield the position after each page. Stops early where something does not fit."""
        order = self._order
        seals = Seals(order.first, sizes=order.sizes, payloads=order.payloads)
        try:
            seals.begin(self._log.hashes(0, (order.first - 1) // TILE * TILE, order.first - 1))
            for page in self._log.pages(SEALED, order.first, order.last):
                if not page or not seals.add(page) or not self._kept(seals.filled()):
                    break
                self.position = seals.next - 1
                yield self.position
        except Damaged:
            pass
        self.failed = self.position != order.last
        if not self.failed:
            if order.store:
                self.unsound = unsound_in(self._log)
            self.sealed = seals.sealed()

    def _kept(self, filled: tuple[int, bytes] | None) -> bool:
        """Tell whether the log keeps the tile that has just filled up."""
        return filled is None or self._log.tile(0, filled[0]) == filled[1]

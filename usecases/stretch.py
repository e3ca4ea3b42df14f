"""Hash the rows between two positions of a log, and hold them against the hashes it keeps."""

from collections.abc import Iterator, Sequence
from os import urandom
from typing import NamedTuple

from orjson import JSONDecodeError

from adapters.envelope import is_canonical
from domain.errors import Damaged
from domain.event_log import EventLog
from domain.tree_ranges import TILE
from projections.verify_commands import Commands
from projections.verify_seals import SEALED, Sealed, Seals
from usecases.verifying_beside import commands_agree, unsound_in

COMMAND = SEALED.index("command_id")


class Order(NamedTuple):
    """What has to be hashed."""

    first: int
    last: int
    sizes: Sequence[int] = ()
    """Sizes at which the leaves of the growing tile are wanted."""
    payloads: bool = True
    store: bool = False
    """Let the store look into itself, too."""
    commands: bool = False
    """Count the commands, too, and hold the table of commands against the rows where these are the whole log."""
    forms: bool = False
    """See whether the envelopes are canonical JSON, too, for a reader that then need not."""


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
        self.commands = 0
        """How many commands wrote the rows."""
        self.agree = True
        """Whether the table of commands says the same."""

    def run(self) -> Iterator[int]:
        """Yield the position after each page. Stops early where something does not fit."""
        order = self._order
        commands = Commands(urandom(32))
        in_form = is_canonical if order.forms else None
        seals = Seals(order.first, sizes=order.sizes, payloads=order.payloads, in_form=in_form)
        try:
            seals.begin(self._log.hashes(0, (order.first - 1) // TILE * TILE, order.first - 1))
            for page in self._log.pages(SEALED, order.first, order.last):
                if not page or not seals.add(page) or not self._kept(seals.filled()):
                    break
                if order.commands:
                    for row in page:
                        commands.at(row[COMMAND], row[0])
                self.position = seals.next - 1
                yield self.position
        except (Damaged, JSONDecodeError, TypeError):
            pass
        self.failed = self.position != order.last
        if not self.failed:
            if order.store:
                self.unsound = unsound_in(self._log)
            commands.end(order.last)
            self.commands = commands.count
            if order.commands and order.first == 1:
                self.agree = commands_agree(self._log, commands, order.last)
            self.sealed = seals.sealed()

    def _kept(self, filled: tuple[int, bytes] | None) -> bool:
        """Tell whether the log keeps the tile that has just filled up."""
        return filled is None or self._log.tile(0, filled[0]) == filled[1]

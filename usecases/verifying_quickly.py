"""Find out whether a log is as it has to be, without naming what is not: by two readers, in two processes."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import zip_longest

from orjson import JSONDecodeError, dumps, loads

from adapters.envelope import CANONICAL
from domain.errors import Damaged
from domain.event_log import EventLog
from domain.tree_ranges import TILE
from projections.verify_heads import Fold
from projections.verify_rows import READ, Rows
from projections.verify_seals import Sealed
from usecases.stretch import Order, Stretch
from usecases.stretch_beside import StretchBeside

canonical_form = partial(dumps, option=CANONICAL)


class Reading:
    """Reads what the envelopes of a range say, and folds it where a fold is given."""

    def __init__(self, log: EventLog, rows: Rows, fold: Fold | None, *, first: int, last: int) -> None:
        self._log, self._rows, self._fold = log, rows, fold
        self.first, self.last = first, last
        self.position = first - 1
        """How far it is."""
        self.failed = False
        """Whether something is not as it has to be."""
        self.forms = True
        """Whether the form of the envelopes is looked at here."""

    def run(self) -> Iterator[int]:
        """Yield the position after each page. Stops early where a row is not as it has to be."""
        told = self._fold.teller() if self._fold is not None else None
        written = canonical_form if self.forms else None
        try:
            for page in self._log.pages(READ, self.first, self.last):
                expected = range(self.position + 1, self.position + 1 + len(page))
                if not page or [row[0] for row in page] != [*expected]:
                    break
                if not self._rows.add_page(page, opened=loads, written=written, told=told):
                    break
                self.position = page[-1][0]
                yield self.position
        except (Damaged, JSONDecodeError, TypeError):
            pass
        self.failed = self.position != self.last


class Quick:
    """One quick look at a range. Where it fails, somebody else has to find out what it is that does not fit."""

    def __init__(self, log: EventLog, order: Order, reading: Reading | None, *, done: Callable[[int], None]) -> None:
        self._log, self._order, self._reading, self._done = log, order, reading, done
        self._stretches: list[Stretch | StretchBeside] = []
        self._told = 0

    def fits(self, address: str | None) -> bool:
        """Tell whether everything fits. Where an address is given, another process opens the log, too, and hashes."""
        with ExitStack() as stack:
            own = self._shared(address, stack)
            for _ in zip_longest(*(part.run() for part in own)):
                if self._failed:
                    return False
                self._tell()
            for part in self._stretches:
                if isinstance(part, StretchBeside) and not self._failed:
                    part.finish(self._tell)
            if self._failed:
                return False
            self._tell()
            return True

    @property
    def sealed(self) -> list[Sealed]:
        """What was hashed, in order."""
        return [part.sealed for part in self._stretches if part.sealed is not None]

    @property
    def unsound(self) -> list[str]:
        """What the store found wrong with itself."""
        return [sentence for part in self._stretches for sentence in part.unsound]

    @property
    def commands(self) -> int:
        """How many commands wrote the rows, where these are read."""
        return sum(part.commands for part in self._stretches)

    @property
    def agree(self) -> bool:
        """Whether the table of commands says what the rows say."""
        return all(part.agree for part in self._stretches)

    @property
    def _parts(self) -> list["Stretch | StretchBeside | Reading"]:
        return [*self._stretches, *([self._reading] if self._reading else [])]

    @property
    def _failed(self) -> bool:
        return any(part.failed for part in self._parts)

    def _shared(self, address: str | None, stack: ExitStack) -> list[Stretch | Reading]:
        """Share the work, and return the parts that this process does.

        Beside a reader the other process hashes all of it, and sees to the form of the envelopes: so both take as long.
        """
        order = self._order._replace(forms=self._reading is not None)
        split = order.first if self._reading else _middle(order)
        beside = self._helped(order._replace(first=split), address, stack)
        own: list[Stretch | Reading] = [self._reading] if self._reading else []
        if beside is None:
            self._stretches = [Stretch(self._log, self._order)]
        elif split > order.first:
            self._stretches = [Stretch(self._log, order._replace(last=split - 1, store=False)), beside]
        else:
            self._stretches = [beside]
        if beside is not None and self._reading is not None:
            self._reading.forms = False
        return [*own, *(part for part in self._stretches if isinstance(part, Stretch))]

    def _helped(self, order: Order, address: str | None, stack: ExitStack) -> StretchBeside | None:
        try:
            return stack.enter_context(StretchBeside(address, order)) if address is not None else None
        except OSError:  # the machine has no room for another process
            return None

    def _tell(self) -> None:
        """Say how much is done, as a share of all the work there is."""
        parts = self._parts
        work = sum(part.last - part.first + 1 for part in parts)
        done = sum(part.position - part.first + 1 for part in parts)
        rows = done * (self._order.last - self._order.first + 1) // work
        if rows > self._told:
            self._done(rows - self._told)
            self._told = rows


def _middle(order: Order) -> int:
    """Return the first position of the tile in the middle."""
    return max(order.first, (order.first + order.last) // 2 // TILE * TILE + 1)

"""Group commit: callers that come while a commit is under way share the next one, in the order they came."""

from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from domain.errors import Unavailable

Item = TypeVar("Item")
Answer = TypeVar("Answer")
ROOM = 1000
"""So many may wait; the setting `operation_queue_size` says otherwise."""
TIMEOUT_S = 30.0


class Weight(NamedTuple):
    """What an item adds to the transaction it is written in."""

    decisions: int
    size: int
    """In bytes."""


MOST = Weight(256, 4 * 1024 * 1024)
"""What one transaction takes before it is committed, so that nobody waits long for somebody else's work."""


class Ticket(Generic[Item, Answer]):
    """A place in the line."""

    def __init__(self, item: Item, weight: Weight) -> None:
        self.item, self.weight = item, weight
        self.answer: Answer | None = None
        self.error: BaseException | None = None
        self.leads = False
        """Its holder writes the next transaction: for itself and those behind it."""

    def call(self) -> None:
        """Tell the holder to lead, or to look at the outcome. Does not wait."""
        raise NotImplementedError

    def outcome(self) -> Answer:
        """Return the answer, or raise the error of the write it was in."""
        if self.error is not None:
            raise self.error
        return self.answer  # type: ignore[return-value]  # set whenever there is no error


class GroupCommit(Generic[Item, Answer]):
    """Hands what is waiting to `write` in one go. The first in line writes for all; then the next first one does.

    Whoever finds nobody writing writes at once: a caller that is alone pays for no other thread. The line is served
    strictly from its front, so a caller that comes again and again stands behind all who came meanwhile.
    """

    def __init__(
        self,
        write: Callable[[list[Item]], list[Answer]],
        *,
        weigh: Callable[[Item], Weight] = lambda _: Weight(1, 0),
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.room, self.timeout_s = ROOM, timeout_s
        self.weigh = weigh
        self._write = write
        self._waiting: deque[Ticket[Item, Answer]] = deque()
        self._led = False
        self._closed = False
        self._guard = Lock()
        """Held for moments only and never while anything is written: an event loop may take it."""

    def submit(self, item: Item) -> Answer:
        """Return the answer to one item once it is durable. An error of the shared write reaches every caller.

        Raises `Unavailable` where too many wait already, or where its turn does not come in time.
        """
        ticket: _ThreadTicket[Item, Answer] = _ThreadTicket(item, self.weigh(item))
        try:
            if not self.join(ticket) and not ticket.wait(self.timeout_s):
                if self.withdraw(ticket):
                    raise self.too_late()
                ticket.wait(-1)
            if ticket.leads:
                self.lead(ticket)
        except BaseException:  # whoever is stopped while waiting must not be written for later on
            self.withdraw(ticket)
            raise
        return ticket.outcome()

    def join(self, ticket: Ticket[Item, Answer]) -> bool:
        """Stand in line; True where nobody writes, so that this one leads. Raises `Unavailable` where no room is."""
        with self._guard:
            if self._closed:
                raise Unavailable("The log is being closed; nothing was recorded.")
            if len(self._waiting) >= self.room:
                raise Unavailable(
                    f"{len(self._waiting)} commands wait to be recorded already, and no more may;"
                    " nothing was recorded. Repeating the command is safe."
                )
            self._waiting.append(ticket)
            ticket.leads, self._led = not self._led, True
            return ticket.leads

    def withdraw(self, ticket: Ticket[Item, Answer]) -> bool:
        """Leave the line; False where it was taken from it already: then it may be recorded."""
        with self._guard:
            if ticket not in self._waiting:
                return False
            self._waiting.remove(ticket)
            if ticket.leads:
                self._appoint()
            return True

    def lead(self, ticket: Ticket[Item, Answer]) -> None:
        """Write one transaction for those who stand first, if this ticket still leads; then somebody else does."""
        batch: list[Ticket[Item, Answer]] = []
        try:
            with self._guard:
                if not ticket.leads or ticket not in self._waiting:
                    return
                self._take(batch)
            answers = self._write([each.item for each in batch])
            for each, answer in zip(batch, answers, strict=True):
                each.answer = answer
        except Exception as error:  # noqa: BLE001  # every caller of the shared write gets it and raises it
            for each in batch:
                each.error = error
        except BaseException:  # the leader is being stopped: that is no business of those it wrote for
            for each in batch:
                each.error = Unavailable("The writer was interrupted, perhaps after the commit; repeat the command.")
            raise
        finally:
            if batch:
                with self._guard:
                    self._appoint()
                for each in batch:
                    each.call()

    def close(self) -> None:
        """Take nobody any more, and turn away those who wait. What is being written is written."""
        with self._guard:
            self._closed = True
            for ticket in self._waiting:
                ticket.error = Unavailable("The log was closed; nothing was recorded.")
                if not ticket.leads:  # who leads was called already, and finds the line empty
                    ticket.call()
            self._waiting.clear()

    def too_late(self) -> Unavailable:
        """Return why an item was withdrawn whose turn did not come."""
        return Unavailable(f"Other commands were recorded for {self.timeout_s:g} s; nothing was recorded of this one.")

    def _take(self, batch: list[Ticket[Item, Answer]]) -> None:
        """Take from the front what fits into one transaction; one at least."""
        decisions = size = 0
        while self._waiting:
            weight = self._waiting[0].weight
            decisions, size = decisions + weight.decisions, size + weight.size
            if batch and (decisions > MOST.decisions or size > MOST.size):
                return
            batch.append(self._waiting.popleft())

    def _appoint(self) -> None:
        """Let the first in line lead, if there is one."""
        self._led = bool(self._waiting)
        if self._waiting:
            self._waiting[0].leads = True
            self._waiting[0].call()


class _ThreadTicket(Ticket[Item, Answer]):
    """The place of a thread, which waits for a bell."""

    def __init__(self, item: Item, weight: Weight) -> None:
        super().__init__(item, weight)
        self._bell = Lock()
        self._bell.acquire()

    def call(self) -> None:
        self._bell.release()

    def wait(self, seconds: float) -> bool:
        """Wait until called, at most so long; without an end for -1."""
        return self._bell.acquire(timeout=seconds)

"""Group commit: callers that come while a commit is under way share the next one."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from domain.errors import Unavailable

Item = TypeVar("Item")
Answer = TypeVar("Answer")
MOST_AT_ONCE = 256


class _Ticket(Generic[Item, Answer]):
    __slots__ = ("answer", "done", "error", "item")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.answer: Answer | None = None
        self.error: BaseException | None = None
        self.done = False


class GroupCommit(Generic[Item, Answer]):
    """Hands what is waiting to `write` in one go, in the order it came. The first in line writes for all."""

    def __init__(self, write: Callable[[list[Item]], list[Answer]]) -> None:
        self._write = write
        self._waiting: list[_Ticket[Item, Answer]] = []
        self._list = Lock()
        self._leader = Lock()

    def submit(self, item: Item) -> Answer:
        """Return the answer to one item once it is durable. An error of the shared write reaches every caller."""
        ticket: _Ticket[Item, Answer] = _Ticket(item)
        with self._list:
            self._waiting.append(ticket)
        try:
            while not ticket.done:
                with self._leader:
                    if not ticket.done:
                        self._lead()
        except BaseException:  # whoever is stopped while waiting must not be written for later on
            with self._list:
                if ticket in self._waiting:
                    self._waiting.remove(ticket)
            raise
        if ticket.error is not None:
            raise ticket.error
        return ticket.answer  # type: ignore[return-value]  # set whenever there is no error

    def _lead(self) -> None:
        with self._list:
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
        try:
            answers = self._write([ticket.item for ticket in batch])
            for ticket, answer in zip(batch, answers, strict=True):
                ticket.answer = answer
        except Exception as error:  # noqa: BLE001  # every caller of the shared write gets it and raises it
            for ticket in batch:
                ticket.error = error
        except BaseException:  # the leader is being stopped: that is no business of those it wrote for
            for ticket in batch:
                ticket.error = Unavailable("The writer was interrupted, perhaps after the commit; repeat the command.")
            raise
        finally:
            for ticket in batch:
                ticket.done = True

"""The way into the group commit for asyncio: a task stands in the same line as the threads, and its loop goes on."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Generic

from adapters.group_commit import Answer, GroupCommit, Item, Ticket, Weight


class AsyncCommits(Generic[Item, Answer]):
    """Joins tasks to a `GroupCommit`; one thread of its own writes when a task stands first."""

    def __init__(self, commits: GroupCommit[Item, Answer]) -> None:
        self._commits = commits
        self._writer = ThreadPoolExecutor(1, "orch-commits")

    async def submit(self, item: Item) -> Answer:
        """Return the answer to one item once it is durable, as `GroupCommit.submit` does; the event loop never waits.

        A task that is cancelled, by a timeout of its own for one, takes its item back where nobody has taken it yet.
        After that it is too late: it may be recorded, and repeating the command under its id tells.
        """
        ticket = _TaskTicket(item, self._commits.weigh(item), self)
        try:
            if self._commits.join(ticket):
                ticket.call()
            done, _ = await asyncio.wait([ticket.done], timeout=self._commits.timeout_s)
            if not done:
                if self._commits.withdraw(ticket):
                    raise self._commits.too_late()
                await ticket.done
        except asyncio.CancelledError:
            self._commits.withdraw(ticket)
            raise
        return ticket.outcome()

    def lead(self, ticket: "_TaskTicket[Item, Answer]") -> None:
        """Have our thread write for this ticket and those behind it."""
        self._writer.submit(self._lead, ticket)

    def _lead(self, ticket: "_TaskTicket[Item, Answer]") -> None:
        self._commits.lead(ticket)
        ticket.settle()

    def close(self) -> None:
        """Wait for what is being written; after `GroupCommit.close` nothing else is to come."""
        self._writer.shutdown()


class _TaskTicket(Ticket[Item, Answer]):
    """The place of a task, which awaits a future."""

    def __init__(self, item: Item, weight: Weight, commits: AsyncCommits[Item, Answer]) -> None:
        super().__init__(item, weight)
        self._commits = commits
        self.led = False
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self._loop.create_future()

    def call(self) -> None:
        if self.leads and not self.led:
            self.led = True
            self._commits.lead(self)
        else:
            self.settle()

    def settle(self) -> None:
        """Wake the task, from whatever thread."""
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._settled)

    def _settled(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

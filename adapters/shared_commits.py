"""Writing, as both stores do it: prepared outside of every lock, in commits shared by threads and tasks."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from adapters.group_commit import MOST, GroupCommit, Weight
from adapters.prepared import PreparedDecision, prepared
from domain.errors import Refusal, Unavailable
from domain.event_log import Decision, Receipt

if TYPE_CHECKING:  # a command line has no event loop, and must not pay for asyncio
    from adapters.async_commits import AsyncCommits

Portion = list[PreparedDecision]
Answers = list[Receipt | Refusal]


class SharedCommits:
    """The writing half of the port `EventLog`, over one transaction that a store knows how to write."""

    _origin: str
    _tasks: "AsyncCommits[Portion, Answers] | None" = None

    def _share_commits(self, *, timeout_s: float) -> None:
        self._commits: GroupCommit[Portion, Answers] = GroupCommit(self._write, weigh=weight_of, timeout_s=timeout_s)

    def let_wait(self, callers: int) -> None:
        """Let so many callers wait for their turn, and refuse more: the setting `operation_queue_size`."""
        self._commits.room = callers

    @property
    def room(self) -> int:
        """How many callers may wait."""
        return self._commits.room

    def append(self, decisions: Sequence[Decision]) -> Answers:
        """Write decisions durably, as the port says; callers in several threads share one commit.

        Raises `Unavailable` where more wait already than may, or where the turn does not come in time.
        """
        self._refuse_reader()
        answers: Answers = []
        for portion in portions([prepared(decision, origin=self._origin) for decision in decisions]):
            try:
                answers += self._commits.submit(portion)
            except Unavailable as error:
                raise _of_many(error, len(answers), len(decisions)) from error
        return answers

    async def append_soon(self, decisions: Sequence[Decision]) -> Answers:
        """Do the same for a task of asyncio, in the same line and the same commits; the event loop goes on meanwhile.

        A task that is cancelled while it waits is not written for. Cancelled while its transaction is written it gets
        no answer, and its commands may be recorded: repeating them under their ids is safe and tells.
        """
        self._refuse_reader()
        if self._tasks is None:
            from adapters.async_commits import AsyncCommits

            self._tasks = AsyncCommits(self._commits)
        answers: Answers = []
        for portion in portions([prepared(decision, origin=self._origin) for decision in decisions]):
            try:
                answers += await self._tasks.submit(portion)
            except Unavailable as error:
                raise _of_many(error, len(answers), len(decisions)) from error
        return answers

    def refuse_replaced(self) -> None:
        """Refuse to go on where another log has the place of the one that was opened. Raises `StoreReplaced`."""
        raise NotImplementedError

    def refuse_ended(self) -> None:
        """Refuse to go on where the log that was opened came to its end. Raises `StoreReplaced` or `StoreMoved`."""
        self.refuse_replaced()

    def refuse_away(self) -> None:
        """Refuse where the store cannot even be opened. Raises `Unavailable`; a server says so with every question."""

    def _end_commits(self) -> None:
        """Turn away who waits, and wait for what our own thread writes."""
        self._commits.close()
        if self._tasks is not None:
            self._tasks.close()

    def _write(self, batch: list[Portion]) -> list[Answers]:
        """Write what several callers brought, in one transaction, and return after its commit is durable."""
        raise NotImplementedError

    def _refuse_reader(self) -> None:
        """Refuse where the log was opened for reading only."""
        raise NotImplementedError


def portions(decisions: Sequence[PreparedDecision]) -> Iterator[Portion]:
    """Cut the work of one caller, so that others get their turn in between."""
    portion: Portion = []
    count = size = 0
    for decision in decisions:
        weight = weight_of([decision])
        if portion and (count + 1 > MOST.decisions or size + weight.size > MOST.size):
            yield portion
            portion, count, size = [], 0, 0
        portion.append(decision)
        count, size = count + 1, size + weight.size
    if portion:
        yield portion


def weight_of(portion: Portion) -> Weight:
    """Return how many decisions those are, and the bytes of their events."""
    size = sum(len(event.envelope) + len(event.payload or b"") for each in portion for event in each.events)
    return Weight(len(portion), size)


def _of_many(error: Unavailable, answered: int, asked: int) -> Unavailable:
    """Say how far the work of one caller came, where it came some way."""
    if not answered:
        return error
    return Unavailable(
        f"Of {asked} commands {answered} were answered, then this happened: {error.message}"
        " Repeating all of them is safe.",
        fix=error.fix,
    )

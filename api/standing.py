"""Whether the store that was opened is still the one in force; where it is not, the service ends to be begun anew.

It is not opened anew in place: whether the other one may be written to, whose it is and by which keys it is signed is
judged when a service begins, and what was read before belongs to another history.
"""

import asyncio
from collections.abc import Callable

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from adapters.service_log import ServiceLog
from adapters.shared_commits import SharedCommits
from domain.errors import Refusal, StoreMoved, StoreReplaced
from domain.event_log import EventLog

PAUSE_S = 1.0
"""How often it is looked at."""


class Standing:
    """Looks at a store for as long as it is served."""

    def __init__(self, log: EventLog, told: ServiceLog) -> None:
        self._log, self._told = log, told
        self._replaced: StoreReplaced | StoreMoved | None = None
        self._task: asyncio.Task[None] | None = None

    def watch(self, end: Callable[[], None]) -> None:
        """Begin to look; `end` is called once another store is there. Called in the event loop."""
        if isinstance(self._log, SharedCommits):
            self._task = asyncio.create_task(self._look(self._log, end))

    def refuse_replaced(self) -> None:
        """Raise what ended the service."""
        if self._replaced is not None:
            raise self._replaced

    async def _look(self, log: SharedCommits, end: Callable[[], None]) -> None:
        own = CapacityLimiter(1)  # threads that are all busy must not keep it from being seen
        while self._replaced is None:
            await asyncio.sleep(PAUSE_S)
            try:
                await run_sync(log.refuse_ended, limiter=own, abandon_on_cancel=True)
            except (StoreReplaced, StoreMoved) as replaced:
                self._replaced = replaced
            except Refusal:  # nothing is there, or nobody says: that may pass
                continue
        self._told.say("error", "store.replaced", why=self._replaced.message)
        end()

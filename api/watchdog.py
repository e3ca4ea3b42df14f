"""What the service manager is told: that the service takes connections, lives, and ends."""

import asyncio
from time import monotonic

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from adapters.service_manager import ServiceManager
from domain.errors import Unavailable
from domain.event_log import EventLog


class Signs:
    """The signs that a service gives, where there is a manager that wants any."""

    def __init__(self, log: EventLog, manager: ServiceManager | None) -> None:
        self._log, self._manager = log, manager
        self._task: asyncio.Task[None] | None = None

    def ready(self, url: str) -> None:
        """Say that connections are taken, and give signs of life from now on. Called in the event loop."""
        if self._manager is None:
            return
        self._manager.tell(READY="1", STATUS=f"Answers at {url}")
        if self._manager.watchdog_s:
            self._task = asyncio.create_task(self._live(url, self._manager, self._manager.watchdog_s / 2))

    def stopping(self) -> None:
        """Say that no more connections are taken; what was accepted is still answered, under the same watch."""
        if self._manager is not None:
            self._manager.tell(STOPPING="1", STATUS="Answers what was accepted, and ends")

    async def _live(self, url: str, manager: ServiceManager, pause: float) -> None:
        """Give a sign at half of the manager's patience, once the log has been read in that time.

        The event loop runs this, so a loop that hangs gives none, and what hangs in the log keeps the next one back. A
        log that says at once that it is not available is no reason to begin again: that brings no database back.
        """
        own = CapacityLimiter(1)  # a hundred threads that are busy are no reason to be ended
        while True:
            begun = monotonic()
            try:
                position = await run_sync(self._read, limiter=own, abandon_on_cancel=True)
                status = f"Answers at {url}; the log is at position {position}"
            except Unavailable as refusal:
                status = f"Answers at {url}; the log is not available: {refusal.message}"
            took = monotonic() - begun
            if took < pause:
                manager.tell(WATCHDOG="1", STATUS=status)
            await asyncio.sleep(max(0.0, pause - took))

    def _read(self) -> int:
        """Read the newest event, and return its position."""
        position = self._log.moment().position
        list(self._log.records(max(1, position), position))
        return position

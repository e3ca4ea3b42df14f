"""How the service is: looked at now and then, however often somebody asks, and never for long."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Any, NamedTuple

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from adapters.process_memory import ProcessMemory
from domain.times import microseconds, rfc3339
from usecases.health import Sick, examine
from usecases.project import Project
from usecases.release import VERSION

KEPT_S = 1.0
"""How long an answer is given again."""
LONGEST_S = 4.0
"""How long whoever asks waits; what takes longer does not work."""


class Verdict(NamedTuple):
    """What was found, and when; `why` says what does not work."""

    at: float
    tests: Mapping[str, bool]
    why: str | None = None


class Checkup:
    """Looks at a project, one look at a time. Used from the event loop only."""

    def __init__(
        self, project: Project, memory: ProcessMemory, *, look: Callable[[Project], dict[str, bool]] = examine
    ) -> None:
        self._project, self._memory, self._look = project, memory, look
        self._began = monotonic()
        self._verdict: Verdict | None = None
        self._looking: asyncio.Task[Verdict] | None = None
        self._threads: CapacityLimiter | None = None

    async def verdict(self) -> Verdict:
        """Return what was found at most a second ago, or find it."""
        known = self._verdict
        if known is not None and monotonic() - known.at < KEPT_S:
            return known
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._examined())
        done, _ = await asyncio.wait([self._looking], timeout=LONGEST_S)
        if done:
            return self._looking.result()
        return Verdict(monotonic(), {}, f"The parts of the service did not answer within {LONGEST_S:g} s.")

    async def _examined(self) -> Verdict:
        self._threads = self._threads or CapacityLimiter(1)  # apart from those that work: full is not sick
        try:
            tests = await run_sync(self._look, self._project, limiter=self._threads)
            self._verdict = Verdict(monotonic(), tests)
        except Sick as sick:
            self._verdict = Verdict(monotonic(), {}, str(sick))
        return self._verdict

    def healthy(self, tests: Mapping[str, bool] | None = None) -> dict[str, Any]:
        """Return the answer of a service that is well, in the shape of the deployment guide."""
        return {
            "status": "healthy",
            "timestamp": now(),
            "version": VERSION,
            "uptime": round(monotonic() - self._began, 3),
            "memory": {"rss": self._memory.resident, "limit": self._memory.most},
        } | ({"tests": tests} if tests is not None else {})


def unhealthy(why: str) -> dict[str, Any]:
    """Return the answer of a service that is not, in the shape of the guide."""
    return {"status": "unhealthy", "error": why, "timestamp": now()}


def now() -> str:
    """Return the time, RFC 3339 in UTC."""
    return rfc3339(microseconds(datetime.now(UTC)))

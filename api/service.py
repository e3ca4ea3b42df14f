"""One project, open for as long as it is served."""

from collections.abc import Callable
from typing import NamedTuple

from anyio import CapacityLimiter

from adapters.oidc_tokens import Issuer
from adapters.token_use import TokenUse
from api.capacity import Capacity
from api.checkup import Checkup
from api.rates import Rates
from usecases.project import Project

THREADS = 4
"""Threads that read for those who follow."""


class Followers:
    """Clients that follow the log; each is counted for as long as it does. Used from one thread only."""

    def __init__(self) -> None:
        self.count = 0
        self._threads: CapacityLimiter | None = None

    @property
    def threads(self) -> CapacityLimiter:
        """The threads that read for them, apart from those of operations: whoever follows slows only followers."""
        self._threads = self._threads or CapacityLimiter(THREADS)
        return self._threads

    def __enter__(self) -> None:
        self.count += 1

    def __exit__(self, *_: object) -> None:
        self.count -= 1


class Service(NamedTuple):
    """What every request works on: many threads share one open log, and so their commits."""

    project: Project
    use: TokenUse
    followers: Followers
    is_ending: Callable[[], bool]
    """Tells whether those who follow have to be let go."""
    capacity: Capacity
    rates: Rates
    checkup: Checkup
    issuer: Issuer | None = None
    """Who names people beside our own tokens."""

    def admit(self, address: str) -> None:
        """Let a request within another one in as if it had come alone. Raises `HttpRefusal` where it may not."""
        self.rates.of_address(address)
        self.capacity.refuse_full_memory()

"""How often somebody may ask: counted by the minute, for each token and each address, in bounded memory."""

from collections import OrderedDict
from collections.abc import Sequence
from math import ceil
from threading import Lock
from time import monotonic
from typing import NamedTuple

from limits import RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from api.bounds import Bounds
from api.problems import HttpRefusal

MOST_KEYS = 50_000
"""Counters that are kept; one more forgets the one whose minute began first."""
WINDOW_S = 60
CODE = "RATE_LIMITED"


class Standing(NamedTuple):
    """Where somebody stands with a quota."""

    policy: str
    quota: int
    left: int
    seconds: int
    """Until the quota is whole again."""


class BoundedMemory(Storage):
    """Counters for the strategies of `limits`: its own store in memory starts a thread for them and never is full.

    Windows end by a clock that nobody sets: one that is set back would keep somebody out until it has caught up.
    """

    def __init__(self, most: int = MOST_KEYS) -> None:
        super().__init__()
        self._most = most
        self._counters: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._guard = Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong: nothing that is not a bug."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, and return the count; the first begins a window."""
        with self._guard:
            count, ends = self._counters.get(key, (0, 0.0))
            if ends <= monotonic():
                self._counters.pop(key, None)  # so that the order stays that of the windows
                count, ends = 0, monotonic() + expiry
            self._counters[key] = (count + amount, ends)
            while len(self._counters) > self._most:
                self._counters.popitem(last=False)
            return count + amount

    def get(self, key: str) -> int:
        """Return a count."""
        count, ends = self._counters.get(key, (0, 0.0))
        return count if ends > monotonic() else 0

    def get_expiry(self, key: str) -> float:
        """Return when a window ends."""
        return max(monotonic(), self._counters.get(key, (0, 0.0))[1])

    def check(self) -> bool:
        """Tell that it works."""
        return True

    def reset(self) -> int:
        """Forget everything."""
        known = len(self._counters)
        self._counters.clear()
        return known

    def clear(self, key: str) -> None:
        """Forget one."""
        self._counters.pop(key, None)

    def __len__(self) -> int:
        return len(self._counters)


class Quota:
    """So many requests a minute for each of somebody."""

    def __init__(self, policy: str, quota: int, what: str) -> None:
        self._policy, self._quota, self._what = policy, quota, what
        self._item = RateLimitItemPerMinute(max(quota, 1), namespace=policy)
        self._counted = FixedWindowRateLimiter(BoundedMemory())

    def spend(self, key: str) -> Standing | None:
        """Count one; return what is left, or None where there is no limit. Raises `HttpRefusal` where too many were."""
        if not self._quota:
            return None
        allowed = self._counted.hit(self._item, key)
        window = self._counted.get_window_stats(self._item, key)
        standing = Standing(
            self._policy, self._quota, max(0, window.remaining), max(1, ceil(window.reset_time - monotonic()))
        )
        if not allowed:
            raise HttpRefusal(
                429,
                CODE,
                f"More than {self._quota} {self._what} came in a minute; nothing was done. Repeating is safe.",
                headers={"Retry-After": str(standing.seconds), **told([standing])},
            )
        return standing


class Rates:
    """The quotas of one service; any thread may count."""

    def __init__(self, bounds: Bounds) -> None:
        self._of_token = Quota("token", bounds.per_token, "requests of one token")
        self._of_address = Quota("address", bounds.per_address, "requests of one address")
        self._of_failures = Quota("failures", bounds.failures_per_address, "requests without a valid token")

    def of_address(self, address: str) -> Standing | None:
        """Count a request of an address."""
        return self._of_address.spend(address)

    def of_token(self, token: str) -> Standing | None:
        """Count a request of a token that is valid."""
        return self._of_token.spend(token)

    def of_failure(self, address: str) -> None:
        """Count a request whose token opens nothing. A valid token is never kept out by the failures of others."""
        self._of_failures.spend(address)


def told(standings: Sequence[Standing]) -> dict[str, str]:
    """Return the headers that say how much is left (draft-ietf-httpapi-ratelimit-headers-11)."""
    if not standings:
        return {}
    return {
        "RateLimit-Policy": ", ".join(f'"{each.policy}";q={each.quota};w={WINDOW_S}' for each in standings),
        "RateLimit": ", ".join(f'"{each.policy}";r={each.left};t={each.seconds}' for each in standings),
    }

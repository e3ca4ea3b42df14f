"""One measurement: a ratio to something raw that ran beside it, and its budget."""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple


class Measured(NamedTuple):
    """A ratio against its budget."""

    name: str
    ratio: float
    budget: float | None
    """None: shown for information, the design promises nothing about it."""
    detail: str
    at_least: bool = False
    """The ratio must reach the budget instead of staying below it."""

    @property
    def holds(self) -> bool:
        """Whether the budget is kept."""
        if self.budget is None:
            return True
        return self.ratio >= self.budget if self.at_least else self.ratio <= self.budget

    def document(self) -> dict[str, Any]:
        """Return the measurement as JSON-able values."""
        return {
            "name": self.name,
            "ratio": round(self.ratio, 3),
            "budget": self.budget,
            "at_least": self.at_least,
            "holds": self.holds,
            "detail": self.detail,
        }


def seconds(work: Callable[[], object]) -> float:
    """Return how long the work took."""
    start = perf_counter()
    work()
    return perf_counter() - start


def side_by_side(ours: Callable[[], object], raw: Callable[[], object], *, rounds: int) -> tuple[float, float]:
    """Return the median seconds of both, taken in turns so that a slow spell of the machine hits both."""
    pairs = [(seconds(ours), seconds(raw)) for _ in range(rounds)]
    return median(p[0] for p in pairs), median(p[1] for p in pairs)

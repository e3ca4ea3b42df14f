"""The security monitor: counts what is refused over a sliding minute, and raises an alert where it is too much."""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from time import monotonic
from typing import NamedTuple

from api.heard import Heard
from domain.ledger_events import AlertKind

WINDOW_SECONDS = 60
LONGEST_QUIET_SECONDS = 3600.0
MOST_KEPT = 10_000
"""Requests of one kind that are remembered: more are counted, but not where they came from."""
NAMED = 5
"""Sources that an alert names."""
INVALID = frozenset((400, 404, 405, 408, 411, 413, 415, 421, 431))
NOT_ASKED_FOR = frozenset(("NOT_FOUND",))
"""A phase that is not there is a question like others; a path that is not there is somebody trying doors."""


class Alert(NamedTuple):
    """So many requests of a kind were refused."""

    kind: AlertKind
    times: int
    """Since the last alert of this kind; at the first, within the window."""
    threshold: int
    seconds: int
    sources: str


class Monitor:
    """Counts over a sliding window. Used from one thread only.

    While it goes on, alerts become rarer: after 1, 2, 4 … minutes, at most one an hour, each with the number of all
    requests since the one before. So nobody can fill the log by being refused.
    """

    def __init__(
        self,
        thresholds: Mapping[AlertKind, int],
        raised: Callable[[Alert], None],
        *,
        window_seconds: int = WINDOW_SECONDS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._raised, self._window, self._clock = raised, window_seconds, clock
        self._watched = {kind: _Watched(kind, thresholds[kind], window_seconds) for kind in AlertKind}

    def note(self, kind: AlertKind, source: str) -> None:
        """Count a request that was refused."""
        alert = self._watched[kind].note(source, self._clock())
        if alert is not None:
            self._raised(alert)


class _Watched:
    """One kind of refusals."""

    def __init__(self, kind: AlertKind, threshold: int, window: int) -> None:
        self._kind, self._threshold, self._window = kind, threshold, window
        self._times: deque[float] = deque(maxlen=max(threshold, 1))
        self._sources: Counter[str] = Counter()
        self._unsaid = 0
        self._quiet_until = 0.0
        self._quiet = float(window)
        self._last: float | None = None

    def note(self, source: str, now: float) -> Alert | None:
        if self._last is not None and now - self._last >= self._window and now >= self._quiet_until:
            self._forget()  # a minute without any, and nothing left to say
        self._last = now
        self._times.append(now)
        self._unsaid += 1
        if len(self._sources) < MOST_KEPT or source in self._sources:
            self._sources[source] += 1
        enough = len(self._times) == self._threshold and now - self._times[0] < self._window
        if not enough or now < self._quiet_until:
            return None
        alert = Alert(self._kind, max(self._unsaid, self._threshold), self._threshold, self._window, self._named())
        self._quiet_until = now + self._quiet
        self._quiet = min(self._quiet * 2, LONGEST_QUIET_SECONDS)
        self._unsaid = 0
        self._sources.clear()
        return alert

    def _forget(self) -> None:
        self._unsaid, self._quiet = 0, float(self._window)
        self._sources.clear()
        self._times.clear()

    def _named(self) -> str:
        first = self._sources.most_common(NAMED)
        named = [f"{source} ({count})" for source, count in first]
        left = len(self._sources) - len(first)
        return ", ".join(named) + (f" and {left} more" if left else "")


def kind_of(heard: Heard, status: int) -> AlertKind | None:
    """Return what a refusal counts as."""
    if status in (401, 403):
        return AlertKind.UNAUTHORISED_ACCESS
    if heard.is_schema:
        return AlertKind.SCHEMA_VIOLATIONS
    if status in INVALID and heard.code not in NOT_ASKED_FOR:
        return AlertKind.INVALID_INPUTS
    return None


def source_of(heard: Heard, address: str) -> str:
    """Return where a request came from: the token where it is known who asks, the address where it is not."""
    return f"token {heard.token}" if heard.token else address or "unknown"

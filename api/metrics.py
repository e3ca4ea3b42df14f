"""What Prometheus is told: how operations went, what limits them, how the log grows and what of it is at risk."""

from collections.abc import Callable, Iterable, Iterator
from threading import Lock
from time import monotonic

from prometheus_client import CollectorRegistry, Counter, GCCollector, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from api.capacity import Capacity
from api.outcomes import FAILURES, Outcome
from api.process_figures import ProcessFigures
from api.service import Service
from domain.ledger_events import AlertKind
from usecases.figures import Kept
from usecases.release import VERSION

EVERY_SECONDS = 15.0
"""What costs something to find is found no more often."""
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
RECOVERY_SECONDS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
FIGURES = {
    "log_position": "Events in the log.",
    "log_bytes": "Bytes that the log takes on its disk.",
    "last_event_timestamp_seconds": "When the last event was recorded.",
    "free_bytes": "Bytes that are free where the state lies.",
    "uncovered_events": "Events that no checkpoint of ours covers yet.",
    "checkpoint_age_seconds": "Since when the last checkpoint is kept.",
    "unshipped_events": "Events that are in no backup.",
    "rpo_seconds": "How long the first event that is in no backup has been in none (recovery point objective).",
    "rto_seconds": "How long having the backups back took when that was last tried (recovery time objective).",
    "drill_age_seconds": "How long ago a drill last tried the backups.",
    "drill_passed": "Whether that drill passed.",
}
PARTS = ("store", "checkpoints", "backups", "drill", "followers")


class Metrics:
    """Everything that is counted, and everything that is looked up when somebody asks."""

    def __init__(self, look: Callable[[], Kept], *, every_seconds: float = EVERY_SECONDS) -> None:
        self.registry = registry = CollectorRegistry()
        registry.register(ProcessFigures())
        GCCollector(registry=registry)
        self._seconds = Histogram(
            "orch_operation_seconds",
            "How long operations took, by their id and by what became of them; streams until their first line.",
            ("operation", "outcome"),
            buckets=SECONDS,
            registry=registry,
        )
        self._refusals = Counter("orch_refusals", "Refusals by their code.", ("code",), registry=registry)
        self._recovery = Histogram(
            "orch_error_recovery_seconds",
            "From the first failure (unavailable, damaged, a bug) of a spell to the next write that was recorded.",
            buckets=RECOVERY_SECONDS,
            registry=registry,
        )
        self.suspicious = Counter(
            "orch_suspicious_requests", "Requests that the security monitor counts.", ("kind",), registry=registry
        )
        self.alerts = Counter("orch_security_alerts", "Alerts that were raised.", ("kind",), registry=registry)
        self.webhooks = Counter(
            "orch_webhook_attempts",
            "Attempts to deliver an alert, by what came of them.",
            ("result",),
            registry=registry,
        )
        for kind in AlertKind:  # a rate needs a zero to begin at
            self.suspicious.labels(kind.value)
            self.alerts.labels(kind.value)
        self.live: dict[str, tuple[str, Callable[[], float]]] = {}
        """Gauges that are read when somebody asks: name, meaning, value."""
        self.lost: Callable[[], int] = int
        self.capacity: Capacity | None = None
        self._failing_since: float | None = None
        registry.register(_LookedUp(self, _Fresh(look, every_seconds)))

    def watch(self, service: Service) -> None:
        """Tell also of whom a service lets in."""
        self.capacity = service.capacity
        self.live["orch_followers"] = ("Clients that follow the log.", lambda: service.followers.count)

    def note(self, operation: str, outcome: Outcome, seconds: float, code: str) -> None:
        """Count one request that was answered. Called from one thread."""
        self._seconds.labels(operation, outcome.value).observe(seconds)
        if code:
            self._refusals.labels(code).inc()
        if outcome in FAILURES and self._failing_since is None:
            self._failing_since = monotonic()
        elif outcome is Outcome.RECORDED and self._failing_since is not None:
            self._recovery.observe(monotonic() - self._failing_since)
            self._failing_since = None


class _Fresh:
    """Figures that are looked up at most once in so many seconds, whoever asks how often."""

    def __init__(self, look: Callable[[], Kept], every_seconds: float) -> None:
        self._look, self._every, self._turn = look, every_seconds, Lock()
        self._kept: tuple[float, Kept] | None = None

    def __call__(self) -> tuple[Kept, float]:
        """Return them, and how old they are."""
        with self._turn:
            if self._kept is None or monotonic() - self._kept[0] >= self._every:
                self._kept = (monotonic(), self._look())
            at, kept = self._kept
        return kept, monotonic() - at


class _LookedUp(Collector):
    def __init__(self, metrics: Metrics, fresh: _Fresh) -> None:
        self._metrics, self._fresh = metrics, fresh

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: looking is for whoever asks."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Look."""
        build = GaugeMetricFamily("orch_build_info", "Which release this is.", labels=("version",))
        build.add_metric((VERSION,), 1)
        yield build
        for name, (meaning, value) in self._metrics.live.items():
            yield GaugeMetricFamily(name, meaning, value())
        yield CounterMetricFamily(
            "orch_log_lines_lost", "Lines of the log that could not be written.", self._metrics.lost()
        )
        yield from _capacity(self._metrics.capacity)
        kept, age = self._fresh()
        yield GaugeMetricFamily("orch_figures_age_seconds", "How old the figures below are.", age)
        known = GaugeMetricFamily("orch_figures_known", "Whether a part of them could be looked at.", labels=("part",))
        for part in PARTS:
            known.add_metric((part,), float(part not in kept.unknown))
        yield known
        for name, meaning in FIGURES.items():
            if name in kept.figures:
                yield GaugeMetricFamily(f"orch_{name}", meaning, kept.figures[name])
        yield from _lag(kept)


def _capacity(capacity: Capacity | None) -> Iterator[Metric]:
    if capacity is None:
        return
    yield GaugeMetricFamily("orch_capacity_running", "Operations that run now.", capacity.running)
    yield GaugeMetricFamily("orch_capacity_most", "Operations that may run at the same time.", capacity.most)
    yield GaugeMetricFamily("orch_capacity_waiting", "Operations that wait for their turn.", capacity.waiting)
    yield GaugeMetricFamily("orch_capacity_room", "Operations that may wait.", capacity.room)


def _lag(kept: Kept) -> Iterator[Metric]:
    events = GaugeMetricFamily("orch_follower_lag_events", "Events that a follower lacks.", labels=("follower",))
    seconds = GaugeMetricFamily(
        "orch_follower_lag_seconds", "How long the first of them has been in the log.", labels=("follower",)
    )
    for name, (behind, since) in kept.lag.items():
        events.add_metric((name,), behind)
        seconds.add_metric((name,), since)
    yield events
    yield seconds

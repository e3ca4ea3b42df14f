"""What `orch monitor` shows, made from the figures of a service, or from the project itself where none is asked."""

from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, cast

if TYPE_CHECKING:
    from usecases.figures import Kept

FAILURES = ("unavailable", "damaged", "bug")
COMMANDS = ("recorded", "repeated", "refused")
"""What became of commands that were carried out, or that a rule said no to."""
AT_RISK = (
    *("log_position", "log_bytes", "free_bytes", "uncovered_events", "checkpoint_age_seconds", "unshipped_events"),
    *("rpo_seconds", "rto_seconds", "drill_age_seconds", "drill_passed"),
)
Labels = tuple[tuple[str, str], ...]


class LagRow(TypedDict):
    """How far behind something is that follows the log."""

    follower: str
    events: int
    seconds: float


class MonitorAnswer(TypedDict):
    """One look. What is unknown is None; figures of operations are about the time since the look before."""

    source: str
    health: str
    version: str | None
    up_seconds: float | None
    operations_per_second: float | None
    success_ratio: float | None
    p50_seconds: float | None
    p99_seconds: float | None
    running: int | None
    waiting: int | None
    most: int | None
    room: int | None
    outcomes: dict[str, int]
    suspicious: dict[str, int]
    alerts: dict[str, int]
    memory_bytes: int | None
    cpu_share: float | None
    log_position: int | None
    log_bytes: int | None
    free_bytes: int | None
    uncovered_events: int | None
    checkpoint_age_seconds: float | None
    unshipped_events: int | None
    rpo_seconds: float | None
    rto_seconds: float | None
    drill_age_seconds: float | None
    drill_passed: bool | None
    lag: list[LagRow]
    unknown: list[str]


class Samples(NamedTuple):
    """The figures of a service at one moment."""

    at: float
    """Seconds of a clock that only runs forward."""
    values: dict[tuple[str, Labels], float]

    def one(self, name: str) -> float | None:
        """Return the figure that has no labels."""
        return self.values.get((name, ()))

    def by(self, name: str, label: str) -> dict[str, float]:
        """Return the sums of a figure by one of its labels."""
        found: dict[str, float] = {}
        for (each, labels), value in self.values.items():
            word = dict(labels).get(label)
            if each == name and word is not None:
                found[word] = found.get(word, 0.0) + value
        return found

    def since(self, before: "Samples | None", name: str, label: str, among: tuple[str, ...] = ()) -> dict[str, float]:
        """Return how much a counter has grown, by a label; a service that was started again began at nothing."""
        now, then = self._among(name, label, among), before._among(name, label, among) if before else {}
        return {
            word: value - then.get(word, 0.0) if value >= then.get(word, 0.0) else value for word, value in now.items()
        }

    def _among(self, name: str, label: str, outcomes: tuple[str, ...]) -> dict[str, float]:
        if not outcomes:
            return self.by(name, label)
        kept = {key: value for key, value in self.values.items() if dict(key[1]).get("outcome") in outcomes}
        return Samples(self.at, kept).by(name, label)


def samples_in(text: str, *, at: float) -> Samples:
    """Return the figures of a page of Prometheus. Raises ValueError for what is none."""
    from prometheus_client.parser import text_string_to_metric_families

    return Samples(
        at,
        {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        },
    )


def nothing(source: str, health: str) -> MonitorAnswer:
    """Return a look at which nothing was seen."""
    names = MonitorAnswer.__annotations__
    empty: dict[str, object] = dict.fromkeys(names)
    empty |= {"outcomes": {}, "suspicious": {}, "alerts": {}, "lag": [], "unknown": []}
    return {**empty, "source": source, "health": health}  # type: ignore[typeddict-item]  # every name is there


def of_project(source: str, kept: "Kept") -> MonitorAnswer:
    """Return a look at the project itself."""
    found = nothing(source, "healthy" if not kept.unknown else "unhealthy")
    _put(found, kept.figures)
    found["lag"] = [{"follower": name, "events": n, "seconds": s} for name, (n, s) in kept.lag.items()]
    found["unknown"] = list(kept.unknown)
    return found


def of_service(source: str, health: str, now: Samples, before: Samples | None, *, clock: float) -> MonitorAnswer:
    """Return a look at a service; `clock` is the time of day in seconds."""
    found = nothing(source, health)
    _put(found, {name: value for name in AT_RISK if (value := now.one(f"orch_{name}")) is not None})
    grown = now.since(before, "orch_operation_seconds_count", "outcome")
    total, failed = sum(grown.values()), sum(grown.get(name, 0.0) for name in FAILURES)
    began = now.one("process_start_time_seconds")
    up = found["up_seconds"] = None if began is None else max(0.0, round(clock - began, 1))
    over = now.at - before.at if before else up or 0.0
    found["version"] = next(iter(now.by("orch_build_info", "version")), None)
    if over > 0:
        found["operations_per_second"] = round(total / over, 2)
        cpu, cpu_before = (
            now.one("process_cpu_seconds_total"),
            before.one("process_cpu_seconds_total") if before else 0.0,
        )
        found["cpu_share"] = None if cpu is None else round(max(0.0, cpu - (cpu_before or 0.0)) / over, 3)
    found["success_ratio"] = round(1 - failed / total, 5) if total else None
    buckets = now.since(before, "orch_operation_seconds_bucket", "le", COMMANDS)
    found["p50_seconds"], found["p99_seconds"] = quantile(buckets, 0.5), quantile(buckets, 0.99)
    for name in ("running", "waiting", "most", "room"):
        value = now.one(f"orch_capacity_{name}")
        cast("dict[str, Any]", found)[name] = None if value is None else int(value)
    found["outcomes"] = _whole(now.by("orch_operation_seconds_count", "outcome"))
    found["suspicious"] = _whole(now.by("orch_suspicious_requests_total", "kind"))
    found["alerts"] = _whole(now.by("orch_security_alerts_total", "kind"))
    memory = now.one("process_resident_memory_bytes")
    found["memory_bytes"] = None if memory is None else int(memory)
    seconds = now.by("orch_follower_lag_seconds", "follower")
    lacks = now.by("orch_follower_lag_events", "follower")
    found["lag"] = [{"follower": n, "events": int(lacks.get(n, 0)), "seconds": round(s, 3)} for n, s in seconds.items()]
    found["unknown"] = [part for part, known in now.by("orch_figures_known", "part").items() if not known]
    return found


def quantile(buckets: dict[str, float], wanted: float) -> float | None:
    """Return a quantile of a histogram by its cumulative buckets, as Prometheus reckons it; None of nothing."""
    ordered = sorted((float(bound), count) for bound, count in buckets.items())
    total = ordered[-1][1] if ordered else 0.0
    if not total:
        return None
    rank, below, least = wanted * total, 0.0, 0.0
    for bound, count in ordered:
        if count >= rank:
            if bound == float("inf"):
                return round(least, 6)
            return round(least + (bound - least) * ((rank - below) / (count - below) if count > below else 1.0), 6)
        below, least = count, bound
    return None


def _put(found: MonitorAnswer, figures: dict[str, float]) -> None:
    for name in AT_RISK:
        value = figures.get(name)
        if value is not None:
            kind = bool if name == "drill_passed" else float if name.endswith("_seconds") else int
            cast("dict[str, Any]", found)[name] = round(value, 3) if kind is float else kind(value)


def _whole(values: dict[str, float]) -> dict[str, int]:
    return {name: int(value) for name, value in sorted(values.items())}

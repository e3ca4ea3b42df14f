"""A look at the service as lines for a person."""

from cli.monitor_figures import MonitorAnswer
from cli.screen import one_line, paint
from usecases.ages import age_in_words

HEALTH = {"healthy": "green", "unhealthy": "red", "unreachable": "red"}
NAME = 14
"""Columns of a name."""
DAY_S = 86_400


def lines_of(seen: MonitorAnswer) -> list[str]:
    """Return what was seen, a line for each thing that is known."""
    health = seen["health"]
    found = [f"{paint(one_line(health), HEALTH.get(health, 'yellow'))}  {one_line(seen['source'])}{_since(seen)}", ""]
    parts = (
        ("operations", _operations(seen)),
        ("at once", _at_once(seen)),
        ("answers", ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in seen["outcomes"].items())),
        ("process", _process(seen)),
        ("log", _log(seen)),
        ("backups", _backups(seen)),
        ("drill", _drill(seen)),
        ("checkpoint", _checkpoint(seen)),
        ("followers", ", ".join(f"{r['follower']} {r['events']:,} behind ({r['seconds']:.1f} s)" for r in seen["lag"])),
        ("security", _security(seen)),
        ("unknown", paint(one_line(", ".join(seen["unknown"])), "yellow") if seen["unknown"] else ""),
    )
    return found + [f"{name:<{NAME}}{words}" for name, words in parts if words]


def size(amount: float) -> str:
    """Return bytes as people say them."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
        amount /= 1024
    return f"{amount:,.1f} TiB"


def _since(seen: MonitorAnswer) -> str:
    version = f"  {one_line(seen['version'])}" if seen["version"] else ""
    return version + ("" if seen["up_seconds"] is None else f", up {age_in_words(int(seen['up_seconds']))}")


def _operations(seen: MonitorAnswer) -> str:
    parts = []
    if seen["operations_per_second"] is not None:
        parts.append(f"{seen['operations_per_second']:,.1f} a second")
    if seen["success_ratio"] is not None:
        good = seen["success_ratio"] >= 0.999
        parts.append(paint(f"{seen['success_ratio'] * 100:.2f} % went well", "green" if good else "red"))
    if seen["p50_seconds"] is not None and seen["p99_seconds"] is not None:
        parts.append(f"commands p50 {seen['p50_seconds'] * 1000:.1f} ms, p99 {seen['p99_seconds'] * 1000:.1f} ms")
    return ", ".join(parts)


def _at_once(seen: MonitorAnswer) -> str:
    if seen["running"] is None:
        return ""
    most = f" of {seen['most']}" if seen["most"] is not None else ""
    waiting = f", {seen['waiting']:,} of {seen['room']:,} wait" if seen["waiting"] is not None and seen["room"] else ""
    return f"{seen['running']}{most} running{waiting}"


def _process(seen: MonitorAnswer) -> str:
    memory = "" if seen["memory_bytes"] is None else f"{size(seen['memory_bytes'])} of memory"
    cpu = "" if seen["cpu_share"] is None else f"{seen['cpu_share'] * 100:.0f} % of a processor"
    return ", ".join(each for each in (memory, cpu) if each)


def _log(seen: MonitorAnswer) -> str:
    if seen["log_position"] is None:
        return ""
    free = "" if seen["free_bytes"] is None else f", {size(seen['free_bytes'])} free"
    return f"{seen['log_position']:,} events, {size(seen['log_bytes'] or 0)}{free}"


def _backups(seen: MonitorAnswer) -> str:
    if seen["unshipped_events"] is None:
        return ""
    if not seen["unshipped_events"]:
        return "every event is in one"
    late = (seen["rpo_seconds"] or 0) >= DAY_S
    words = (
        f"{seen['unshipped_events']:,} events are in none, the first for {age_in_words(int(seen['rpo_seconds'] or 0))}"
    )
    return paint(words, "yellow") if late else words


def _drill(seen: MonitorAnswer) -> str:
    if seen["drill_age_seconds"] is None:
        return paint("none yet", "yellow") if seen["unshipped_events"] is not None else ""
    ago = f"{age_in_words(int(seen['drill_age_seconds']))} ago"
    if not seen["drill_passed"]:
        return paint(f"failed, {ago}", "red")
    return f"passed, {ago}; having all back took {seen['rto_seconds'] or 0:.1f} s"


def _checkpoint(seen: MonitorAnswer) -> str:
    if seen["uncovered_events"] is None:
        return ""
    age = seen["checkpoint_age_seconds"]
    when = "none yet" if age is None else f"{age_in_words(int(age))} old"
    return f"{when}; {seen['uncovered_events']:,} events are not covered"


def _security(seen: MonitorAnswer) -> str:
    counted = [f"{count:,} {name.replace('_', ' ')}" for name, count in seen["suspicious"].items() if count]
    alerts = sum(seen["alerts"].values())
    if alerts:
        counted.append(paint(f"{alerts:,} alert{'s' if alerts > 1 else ''}", "red"))
    return ", ".join(counted)

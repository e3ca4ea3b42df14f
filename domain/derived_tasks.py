"""What follows from a list of tasks: order, critical path, schedule and totals."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from domain.critical_path import Timing, critical_path, length_of, timings
from domain.graphs import levels
from domain.schedule import Slot, schedule

HOUR = 3600
PRIORITIES = ("high", "medium", "low")
DEVELOPERS, HOURS_PER_DAY = 1, 8
"""What is assumed where nobody said who works on it."""


def derived_tasks(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what follows from the fields of a tasks document; nothing while there are no tasks.

    A task without hours counts as 0 hours and is named. Raises InvalidInput when tasks wait for each other.
    """
    tasks: Sequence[Mapping[str, Any]] = fields.get("tasks") or ()
    if not tasks:
        return {}
    needs: dict[str, Sequence[str]] = {task["id"]: task.get("dependencies") or () for task in tasks}
    efforts = {task["id"]: round((task.get("estimated_hours") or 0) * HOUR) for task in tasks}
    times = timings(efforts, needs)
    path = critical_path(times, needs)
    total = sum(efforts.values())
    found: dict[str, Any] = {
        "count": len(tasks),
        "hours": hours(total),
        "unestimated": [task["id"] for task in tasks if not task.get("estimated_hours")],
        "priorities": _priorities(tasks, efforts),
        "groups": levels(needs, "tasks") if any(needs.values()) else [],
        "critical_path": path,
        "critical_hours": hours(length_of(times)),
        "timings": [_timing(name, time) for name, time in times.items()] if total else [],
        "graph": _graph(tasks, needs, set(path)),
    }
    if total:
        found |= _scheduled(fields.get("resource_allocation") or {}, tasks, efforts, needs, times)
    return found


def hours(seconds: int) -> int | float:
    """Return seconds of work as hours: a whole number where it is one."""
    return seconds // HOUR if seconds % HOUR == 0 else round(seconds / HOUR, 2)


def _priorities(tasks: Sequence[Mapping[str, Any]], efforts: Mapping[str, int]) -> list[dict[str, Any]]:
    rows = []
    for priority in (*PRIORITIES, None):
        ids = [task["id"] for task in tasks if task.get("priority") == priority]
        if ids:
            total = hours(sum(efforts[name] for name in ids))
            rows.append({"priority": priority or "not given", "tasks": str(len(ids)), "hours": str(total)})
    return rows


def _timing(name: str, time: Timing) -> dict[str, str]:
    values = time._asdict() | {
        "earliest_finish": time.earliest_finish,
        "latest_finish": time.latest_finish,
        "slack": time.slack,
    }
    return {"task": name} | {what: str(hours(seconds)) for what, seconds in values.items()}


def _graph(tasks: Sequence[Mapping[str, Any]], needs: Mapping[str, Sequence[str]], path: set[str]) -> dict[str, Any]:
    return {
        "nodes": [(task["id"], f"{task['id']} {task['title']}") for task in tasks],
        "edges": [(need, name) for name in needs for need in needs[name]],
        "marked": [task["id"] for task in tasks if task["id"] in path],
    }


def _scheduled(
    people: Mapping[str, Any],
    tasks: Sequence[Mapping[str, Any]],
    efforts: Mapping[str, int],
    needs: Mapping[str, Sequence[str]],
    times: Mapping[str, Timing],
) -> dict[str, Any]:
    developers = people.get("developers") or DEVELOPERS
    per_day = people.get("hours_per_day") or HOURS_PER_DAY
    day = max(1, round(per_day * HOUR))
    slots = schedule(efforts, needs, times, people=developers)
    titles = {task["id"]: task["title"] for task in tasks}
    return {
        "developers": developers,
        "hours_per_day": per_day,
        "assumed": [name for name in ("developers", "hours_per_day") if not people.get(name)],
        "schedule": [_row(slot, day) for slot in slots],
        "makespan_hours": hours(max(slot.finish for slot in slots)),
        "days": ceil(max(slot.finish for slot in slots) / day),
        "bars": [
            {
                "id": slot.task,
                "label": f"{slot.task} {titles[slot.task]}",
                "section": f"Developer {slot.person}",
                "start": slot.start / day,
                "finish": slot.finish / day,
                "marked": not times[slot.task].slack,
            }
            for slot in sorted(slots, key=lambda slot: (slot.person, slot.start))
        ],
    }


def _row(slot: Slot, day: int) -> dict[str, str]:
    first = slot.start // day + 1
    last = max(first, ceil(slot.finish / day))
    return {
        "task": slot.task,
        "developer": str(slot.person),
        "days": str(first) if first == last else f"{first}–{last}",
        "start": str(hours(slot.start)),
        "finish": str(hours(slot.finish)),
    }

"""Who works on what and when: list scheduling (Graham, 1969), the longest remaining chain first."""

from collections.abc import Mapping
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from domain.critical_path import Efforts, Needs, Timing, length_of


class Slot(NamedTuple):
    """One task in the hands of one person, in seconds of work since the beginning."""

    task: str
    person: int
    """1, 2, 3 ..."""
    start: int
    finish: int


def schedule(efforts: Efforts, needs: Needs, times: Mapping[str, Timing], *, people: int) -> list[Slot]:
    """Return who does what and when, in the order of starting. The same tasks always give the same schedule.

    Nobody does two tasks at once, a task is done by one person in one go, and none begins before what it needs is
    finished. It takes at most twice the shortest possible time (Graham's bound), mostly far less.
    """
    length = length_of(times)
    rank = {name: (times[name].latest_start - length, at) for at, name in enumerate(efforts)}
    waits_for = {name: len(set(needs.get(name, ()))) for name in efforts}
    opens: dict[str, list[str]] = {name: [] for name in efforts}
    for name in efforts:
        for need in set(needs.get(name, ())):
            opens[need].append(name)
    ready = [(rank[name], name) for name in efforts if not waits_for[name]]
    heapify(ready)
    free = list(range(1, min(people, len(efforts)) + 1))
    running: list[tuple[int, int, str]] = []
    slots: list[Slot] = []
    now = 0
    while ready or running:
        while ready and free:
            name = heappop(ready)[1]
            slots.append(Slot(name, heappop(free), now, now + efforts[name]))
            heappush(running, (slots[-1].finish, slots[-1].person, name))
        now = running[0][0]
        while running and running[0][0] == now:
            _, person, done = heappop(running)
            heappush(free, person)
            for name in opens[done]:
                waits_for[name] -= 1
                if not waits_for[name]:
                    heappush(ready, (rank[name], name))
    return slots

"""The critical path method (Kelley and Walker, 1959): how early and how late each task can start, and what cannot wait.

Efforts are whole seconds of work, so that sums are exact.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from domain.graphs import levels

Efforts = Mapping[str, int]
Needs = Mapping[str, Sequence[str]]


class Timing(NamedTuple):
    """When a task can start if there are always enough people, and when it must so that nothing is delayed."""

    effort: int
    earliest_start: int
    latest_start: int

    @property
    def earliest_finish(self) -> int:
        """When it is finished if it starts as early as it can."""
        return self.earliest_start + self.effort

    @property
    def latest_finish(self) -> int:
        """When it must be finished."""
        return self.latest_start + self.effort

    @property
    def slack(self) -> int:
        """How long it can wait without delaying the end."""
        return self.latest_start - self.earliest_start


def timings(efforts: Efforts, needs: Needs) -> dict[str, Timing]:
    """Return the timing of every task, in the order of `efforts`. Raises InvalidInput for a circle of tasks."""
    order = [name for group in levels({name: needs.get(name, ()) for name in efforts}, "tasks") for name in group]
    earliest: dict[str, int] = {}
    for name in order:
        earliest[name] = max((earliest[need] + efforts[need] for need in needs.get(name, ())), default=0)
    length = max((earliest[name] + efforts[name] for name in order), default=0)
    latest = {name: length - efforts[name] for name in order}
    for name in reversed(order):
        for need in needs.get(name, ()):
            latest[need] = min(latest[need], latest[name] - efforts[need])
    return {name: Timing(efforts[name], earliest[name], latest[name]) for name in efforts}


def length_of(times: Mapping[str, Timing]) -> int:
    """Return how long the longest chain takes: with any number of people it cannot be done faster."""
    return max((time.earliest_finish for time in times.values()), default=0)


def critical_path(times: Mapping[str, Timing], needs: Needs) -> list[str]:
    """Return a longest chain of tasks; of several, the one whose tasks were named first, from its end backwards."""
    length = length_of(times)
    if not length:
        return []
    last = next(name for name, time in times.items() if time.earliest_finish == length and time.effort)
    order = {name: at for at, name in enumerate(times)}
    path = [last]
    while times[path[-1]].earliest_start:
        start = times[path[-1]].earliest_start
        before = (need for need in needs[path[-1]] if times[need].earliest_finish == start)
        path.append(min(before, key=order.__getitem__))
    return path[::-1]

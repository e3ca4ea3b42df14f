"""How urgent what can be done is, and which phases have the most urgent of it: one order for every command."""

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import NamedTuple

from domain.phase_glance import Glance
from domain.policy_state import PolicyState
from projections.ways import judgeable


class Rank(IntEnum):
    """Verdicts come first, for somebody waits for them; then what can be handed off, texts to write, tasks."""

    VERDICT = 0
    HANDOFF = 1
    TEXT = 2
    TASK = 3


Urgency = tuple[bool, Rank]
"""What is blocked comes after everything that is not."""
EVERY = tuple((blocked, rank) for blocked in (False, True) for rank in Rank)


class Found(NamedTuple):
    """The phases to look at, in the order of their names, and how many things to do there are in all."""

    phases: list[str]
    things: int


def urgent(seen: Mapping[str, Glance], *, now_us: int, policy: PolicyState, limit: int | None = None) -> Found:
    """Return the phases that have the most urgent things to do, so many as hold `limit` of them.

    The tasks of a document whose numbers were never recorded are told by its text alone: they are not counted.
    """
    by_rank: list[list[tuple[str, int]]] = [[] for _ in EVERY]
    things = 0
    for phase, glance in seen.items():
        first = len(Rank) if glance.blockers else 0
        for rank, count in _things(glance, seen, now_us=now_us, policy=policy):
            if count or glance.unrecorded:
                by_rank[first + rank].append((phase, count))
                things += count
    if limit is None:
        return Found(sorted({phase for found in by_rank for phase, _ in found}), things)
    chosen: set[str] = set()
    left = limit
    for found in by_rank:
        for phase, count in sorted(found):
            if left <= 0:
                break
            chosen.add(phase)
            left -= count
    return Found(sorted(chosen), things)


def _things(
    glance: Glance, seen: Mapping[str, Glance], *, now_us: int, policy: PolicyState
) -> Iterator[tuple[Rank, int]]:
    """Yield how many things of which rank can be done about a phase."""
    if glance.archived:
        return
    tasks = glance.tasks
    if glance.unrecorded:
        yield Rank.TASK, 0
    elif tasks.total:
        yield Rank.TASK, tasks.started + tasks.ready
    for until in glance.glass:
        yield (Rank.VERDICT if now_us < until else Rank.TEXT), 1
    if glance.handed_off:
        return
    if glance.blockers:
        yield Rank.HANDOFF, glance.blockers
    if glance.current is not None:
        yield (Rank.VERDICT if judgeable(glance.current, glance.document, now_us, policy) else Rank.TEXT), 1
    elif not glance.blockers and not glance.glass:
        waiting = [on for on in glance.depends_on if on not in seen or not seen[on].handed_off]
        lost = sum(on not in seen or seen[on].archived for on in waiting)
        if lost or not waiting:
            yield Rank.HANDOFF, lost or 1

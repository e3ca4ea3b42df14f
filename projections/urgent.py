"""How urgent what can be done is, and which phases have the most urgent of it: one order for every command."""

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import NamedTuple

from domain.phase_glance import Glance
from domain.policy_state import PolicyState
from domain.steps import Step
from projections.ways import judgeable


class Rank(IntEnum):
    """Verdicts come first, for somebody waits for them; then what can be handed off, texts to write, tasks."""

    VERDICT = 0
    HANDOFF = 1
    TEXT = 2
    TASK = 3


Urgency = tuple[bool, Rank]
"""What is blocked comes after everything that is not."""
RANKS = len(Rank)
EVERY = tuple((blocked, rank) for blocked in (False, True) for rank in Rank)


class Judging:
    """Whether a verdict is what leads a phase on, at one time and under one policy: asked for thousands of phases.

    Most of them share their document, which a glance knows by its state alone; so each is judged once.
    """

    def __init__(self, *, now_us: int, policy: PolicyState) -> None:
        self._now, self._policy = now_us, policy
        self._known: dict[tuple[int, Step], bool] = {}

    def waits(self, glance: Glance, step: Step) -> bool:
        """Tell whether the step that a phase works on waits for a verdict. The glances outlive this object."""
        place = id(glance.document), step
        found = self._known.get(place)
        if found is None:
            found = self._known[place] = judgeable(step, glance.document, self._now, self._policy)
        return found


class Found(NamedTuple):
    """The phases to look at, in the order of their names, and how many things to do there are in all."""

    phases: list[str]
    things: int


def urgent(
    seen: Mapping[str, Glance],
    *,
    now_us: int,
    policy: PolicyState,
    limit: int | None = None,
    judging: Judging | None = None,
) -> Found:
    """Return the phases that have the most urgent things to do, so many as hold `limit` of them.

    `seen` are all phases at that time.

    The tasks of a document whose numbers were never recorded are told by its text alone: they are not counted.
    """
    by_rank: list[list[tuple[str, int]]] = [[] for _ in EVERY]
    things = 0
    judging = judging or Judging(now_us=now_us, policy=policy)
    for phase, glance in seen.items():
        blocked = RANKS if glance.blockers else 0
        for rank, count in _things(glance, seen, judging):
            if count or glance.unrecorded:
                by_rank[blocked + rank].append((phase, count))
                things += count
    if limit is None:
        return Found(sorted({phase for found in by_rank for phase, _ in found}), things)
    chosen: set[str] = set()
    left = limit
    for found in by_rank:
        for phase, count in sorted(found) if left > 0 else ():
            if left <= 0:
                break
            chosen.add(phase)
            left -= count
    return Found(sorted(chosen), things)


def _things(glance: Glance, seen: Mapping[str, Glance], judging: Judging) -> Iterator[tuple[Rank, int]]:
    """Yield how many things of which rank can be done about a phase."""
    if glance.archived:
        return
    tasks = glance.tasks
    if glance.unrecorded:
        yield Rank.TASK, 0
    elif tasks.total:
        yield Rank.TASK, tasks.started + tasks.ready
    if glance.glass:
        yield Rank.VERDICT, len(glance.glass)
    if glance.lapsed:
        yield Rank.TEXT, glance.lapsed
    if glance.handed_off:
        return
    if glance.blockers:
        yield Rank.HANDOFF, glance.blockers
    if glance.current is not None:
        yield (Rank.VERDICT if judging.waits(glance, glance.current) else Rank.TEXT), 1
    elif not glance.blockers and not glance.glass:
        waiting = [on for on in glance.depends_on if on not in seen or not seen[on].handed_off]
        lost = sum(on not in seen or seen[on].archived for on in waiting)
        if lost or not waiting:
            yield Rank.HANDOFF, lost or 1

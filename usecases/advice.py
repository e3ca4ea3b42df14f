"""What can be done, the most urgent first: found at a glance, and only what is shown is made whole."""

from typing import NamedTuple

from domain.phase_glance import Glance
from projections.next_steps import NextStep, next_steps, places
from projections.urgent import Judging, urgent
from usecases.project import Project
from usecases.reads import View

MOST = 100
"""Rows that a read over all phases shows unless it is asked for more."""


class Advice(NamedTuple):
    """Some things to do, and how many there are in all."""

    rows: list[NextStep]
    things: int


def advice(
    project: Project, view: View, seen: dict[str, Glance], *, limit: int, judging: Judging | None = None
) -> Advice:
    """Return the most urgent things to do at the moment of a view."""
    found = urgent(seen, now_us=view.now, policy=view.policy, limit=limit, judging=judging)
    heads = view.of_phases(found.phases)
    needed = [on for phase in found.phases for on in seen[phase].depends_on if on not in heads]
    told = project.log.told(places(list(heads.values())))
    rows = next_steps(
        list(heads.values()),
        told,
        others=list(view.of_phases(needed).values()),
        now_us=view.now,
        policy=view.policy,
        limit=limit,
    )
    return Advice(rows, max(found.things, len(rows)))

"""Phases may wait for each other, but never in a circle."""

from itertools import pairwise

from domain.errors import DependencyCycle
from domain.phase_state import PhaseState
from domain.read_set import ReadSet


def refuse_cycle(phase: str, on: str, read: ReadSet) -> None:
    """Refuse a dependency from which a path leads back; every phase on the way joins the read set."""
    ways = [[phase, on]]
    visited: dict[str, PhaseState] = {}
    while ways:
        way = ways.pop()
        if way[-1] == phase:
            edges = pairwise(way[1:])
            removable = [edge for edge in edges if not (visited[edge[0]].handed_off or visited[edge[0]].archived)]
            raise DependencyCycle(way, removable=removable)
        if way[-1] not in visited:
            visited[way[-1]] = read.phase(way[-1]).state
            ways.extend([*way, further] for further in visited[way[-1]].depends_on)

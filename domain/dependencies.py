"""Phases may wait for each other, but never in a circle."""

from domain.errors import DependencyCycle
from domain.read_set import ReadSet


def refuse_cycle(phase: str, on: str, read: ReadSet) -> None:
    """Refuse a dependency from which a path leads back; every phase on the way joins the read set."""
    ways = [[phase, on]]
    visited: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == phase:
            raise DependencyCycle(way)
        if way[-1] not in visited:
            visited.add(way[-1])
            ways.extend([*way, further] for further in read.phase(way[-1]).state.depends_on)

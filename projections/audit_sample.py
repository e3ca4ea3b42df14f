"""A sample that anybody can draw again: the seed decides, and nothing else.

The draw of a position is SHA-256 over the UTF-8 bytes `SEED/POSITION`, the position in decimal digits. Of all positions
that pass the filters those with the lowest draws are the sample. By hand: `printf '%s/%s' SEED POSITION | sha256sum`.
A larger sample of the same seed and population contains the smaller one.
"""

from collections.abc import Iterable
from hashlib import sha256
from heapq import heappush, heapreplace
from typing import NamedTuple

from projections.audit_trail import TrailRow

ALGORITHM = "lowest SHA-256 of SEED/POSITION"


class SampleRow(TrailRow):
    """A row of the trail and the draw that put it in the sample."""

    draw: str


class Sample(NamedTuple):
    """The rows drawn, in the order of the log, and how many there were to draw from."""

    rows: list[SampleRow]
    population: int


def audit_sample(trail: Iterable[TrailRow], *, seed: str, size: int) -> Sample:
    """Draw that many rows, or all where there are fewer. Holds no more rows than it draws."""
    lowest: list[tuple[int, int, TrailRow]] = []  # a heap by the highest draw; positions differ, rows never compare
    population = 0
    for row in trail:
        population += 1
        entry = (-int(draw(seed, row["position"]), 16), row["position"], row)
        if len(lowest) < size:
            heappush(lowest, entry)
        elif entry > lowest[0]:
            heapreplace(lowest, entry)
    drawn = sorted((row for _, _, row in lowest), key=lambda row: row["position"])
    return Sample([{**row, "draw": draw(seed, row["position"])} for row in drawn], population)


def draw(seed: str, position: int) -> str:
    """Return the draw of a position, hex."""
    return sha256(f"{seed}/{position}".encode()).hexdigest()

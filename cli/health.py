"""The shape of what `orch doctor` finds."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypedDict

from adapters.places import Places
from adapters.sqlite_log import SqliteLog
from domain.errors import Damaged, Refusal, Unavailable

Level = Literal["ok", "warning", "damage"]
Verdict = Literal["fine", "warnings", "damaged", "unavailable"]


class HealthRow(TypedDict):
    """One thing that was looked at; `fix` holds the commands that mend it."""

    check: str
    level: Level
    message: str
    fix: list[str]


class DoctorAnswer(TypedDict):
    """What was found; figures are None where they could not be had. The skew: the log is so far ahead of the clock."""

    verdict: Verdict
    rows: list[HealthRow]
    uncovered_events: int | None
    checkpoint_age_seconds: int | None
    clock_skew_us: int | None
    free_bytes: int | None


class Patient:
    """A project as it was found, and the figures that the checks put down."""

    def __init__(self, places: Places, *, refused: Refusal | None) -> None:
        self.places = places
        self.refused = refused
        """Why the project was not found in the plain way."""
        self.log: SqliteLog | None = None
        self.unavailable = refused is not None
        self.figures: dict[str, int] = {}


class Found(NamedTuple):
    """A row before it has the name of its check."""

    level: Level
    message: str
    fix: Sequence[str] = ()


def found_from(refusal: Refusal) -> Found:
    """Return what a refusal says as a row."""
    level: Level = "damage" if isinstance(refusal, Damaged) else "warning"
    return Found(level, refusal.message, refusal.fix)


def verdict_of(rows: Sequence[HealthRow], *, unavailable: bool) -> Verdict:
    """Return the worst of it."""
    levels = {row["level"] for row in rows}
    if "damage" in levels:
        return "damaged"
    if unavailable:
        return "unavailable"
    return "warnings" if "warning" in levels else "fine"


def is_unavailable(refusal: Refusal) -> bool:
    """Tell whether a check could not be made now, rather than found something."""
    return isinstance(refusal, Unavailable)

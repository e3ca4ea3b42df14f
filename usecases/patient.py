"""The shape of what `orch doctor` finds."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypedDict

from adapters.log_notes import refuse_ended
from adapters.places import Places
from adapters.settings import NOBODYS
from adapters.stores import AnyLog
from domain.errors import Damaged, Refusal, Unavailable
from usecases.meters import Metering, unseen
from usecases.way_out import SALVAGE

Level = Literal["ok", "warning", "damage"]
Verdict = Literal["fine", "warnings", "damaged", "unavailable"]


class HealthRow(TypedDict):
    """One thing that was looked at; `fix` holds the commands that mend it."""

    check: str
    level: Level
    message: str
    fix: list[str]


class DoctorAnswer(TypedDict):
    """What was found; figures are None where they could not be had.

    `clock_skew_us`: the log is so far ahead of the clock. `unshipped_events` are in no backup, and `rpo_seconds` is
    how long the first of them has been in none: what would be lost with the disk (recovery point objective). What it
    would take to have the rest back is `rto_seconds`, as the last drill that passed took; it was `drill_age` seconds
    ago, passed or not.
    """

    verdict: Verdict
    rows: list[HealthRow]
    uncovered_events: int | None
    checkpoint_age_seconds: int | None
    clock_skew_us: int | None
    free_bytes: int | None
    unshipped_events: int | None
    rpo_seconds: int | None
    rto_seconds: float | None
    drill_age: int | None


class Patient:
    """A project as it was found, and the figures that the checks put down."""

    def __init__(
        self,
        places: Places,
        *,
        refused: Refusal | None,
        given: Mapping[str, str] = NOBODYS,
        metering: Metering = unseen,
    ) -> None:
        self.places = places
        self.given = given
        """Settings that came with the command."""
        self.metering = metering
        self.refused = refused
        """Why the project was not found in the plain way."""
        self.log: AnyLog | None = None
        self.unavailable = refused is not None
        self.figures: dict[str, int] = {}
        self.rto_seconds: float | None = None
        self.phase = ""
        """The one phase to look at, where not the whole project is wanted."""
        self.quick = False
        """Leave out what takes the longer the more events there are."""

    @property
    def ended(self) -> str:
        """Why nothing is written or signed here, where the store is for reading only; otherwise nothing."""
        if self.log is None:
            return ""
        try:
            refuse_ended(self.places.state, self.log.notes())
        except Refusal as refusal:
            return refusal.message
        return ""

    def not_looked_at(self) -> "Found":
        """Return the row of a check that makes no sense here, or that cannot be made."""
        if self.ended:
            return Found("ok", f"Not looked at: {self.ended}")
        self.unavailable = True
        return Found("warning", "Not looked at: the store cannot be opened.")


class Found(NamedTuple):
    """A row before it has the name of its check."""

    level: Level
    message: str
    fix: Sequence[str] = ()


def found_from(refusal: Refusal) -> Found:
    """Return what a refusal says as a row."""
    level: Level = "damage" if isinstance(refusal, Damaged) else "warning"
    fix = refusal.fix or ((SALVAGE,) if level == "damage" else ())
    return Found(level, refusal.message, fix)


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

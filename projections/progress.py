"""How far phases are, and how long each step and each verdict has taken, from what the log recorded."""

from collections.abc import Iterable, Sequence
from typing import TypedDict

from domain.phase_glance import Glance
from domain.steps import STEPS
from domain.times import rfc3339
from projections.moments import maybe_rfc3339
from projections.spans import Ending, Place, Span, Stage

SECOND = 1_000_000


class SpanRow(TypedDict):
    """A stretch of time that a phase spent at one place; `ended` and `ending` are None while it lasts."""

    step: str
    iteration: int
    stage: Stage
    began: str
    ended: str | None
    ending: Ending | None
    seconds: int


class StepTimes(TypedDict):
    """What one step has taken so far, in seconds, over all its iterations."""

    step: str
    iterations: int
    rejections: int
    writing: int
    gate: int
    rework: int


class PhaseProgress(TypedDict):
    """One phase; `seconds` is its whole life so far, until it was handed off or archived.

    The seconds of its steps and of the way to its handoff add up to it, give or take what rounding down loses.
    """

    phase: str
    title: str
    title_erased: bool
    current_step: str | None
    stage: Stage | None
    since: str | None
    steps_approved: int
    steps_total: int
    tasks_done: int
    tasks_total: int
    handed_off: bool
    archived: bool
    seconds: int
    steps: list[StepTimes]
    handoff: int


class Taken(TypedDict):
    """How long finished stretches of one kind took; None where there was none."""

    count: int
    median_seconds: int | None
    longest_seconds: int | None


class StepMedians(TypedDict):
    """One step over the phases that were measured."""

    step: str
    writing: Taken
    gate: Taken
    rework: Taken


class ProjectProgress(TypedDict):
    """All phases in numbers, archived ones left out of steps and tasks; times are those of `measured` phases."""

    phases: int
    handed_off: int
    archived: int
    steps_approved: int
    steps_total: int
    tasks_done: int
    tasks_total: int
    measured: int
    medians: list[StepMedians]
    gate: Taken
    handoff: Taken
    rows: list[PhaseProgress]
    left_out: int


def span_rows(spent: Iterable[Span], *, now: int) -> list[SpanRow]:
    """Return stretches of time as readers see them, at a time in µs."""
    return [
        {
            "step": span.place.step,
            "iteration": span.place.iteration,
            "stage": span.place.stage,
            "began": rfc3339(span.began),
            "ended": maybe_rfc3339(span.ended),
            "ending": span.ending,
            "seconds": span.lasted(now) // SECOND,
        }
        for span in spent
    ]


def phase_progress(
    seen: Glance, spent: Sequence[Span], *, title: str, title_erased: bool, tasks: tuple[int, int], now: int
) -> PhaseProgress:
    """Return how far a phase is at a time in µs; `tasks` are those that are done, and all."""
    last = spent[-1] if spent and spent[-1].ended is None else None
    place: Place | None = last.place if last else None
    return {
        "phase": seen.phase,
        "title": title,
        "title_erased": title_erased,
        "current_step": place.step if place else None,
        "stage": place.stage if place else None,
        "since": rfc3339(last.began) if last else None,
        "steps_approved": seen.approved,
        "steps_total": len(STEPS),
        "tasks_done": tasks[0],
        "tasks_total": tasks[1],
        "handed_off": seen.handed_off,
        "archived": seen.archived,
        "seconds": sum(span.lasted(now) for span in spent) // SECOND,
        "steps": [_step(step.value, [s for s in spent if s.place.step == step.value], now) for step in STEPS],
        "handoff": sum(span.lasted(now) for span in spent if span.place.stage is Stage.HANDOFF) // SECOND,
    }


def project_progress(
    seen: Sequence[Glance], rows: list[PhaseProgress], measured: Sequence[Sequence[Span]]
) -> ProjectProgress:
    """Return how far the project is; `measured` are the spans of the phases in the rows."""
    live = [each for each in seen if not each.archived]
    finished = [span for spent in measured for span in spent if span.ended is not None]
    return {
        "phases": len(seen),
        "handed_off": sum(each.handed_off and not each.archived for each in seen),
        "archived": len(seen) - len(live),
        "steps_approved": sum(each.approved for each in live),
        "steps_total": len(STEPS) * len(live),
        "tasks_done": sum(each.tasks.done for each in live),
        "tasks_total": sum(each.tasks.total for each in live),
        "measured": len(rows),
        "medians": [_medians(step.value, finished) for step in STEPS],
        "gate": _taken(span for span in finished if span.place.stage is Stage.GATE),
        "handoff": _taken(span for span in finished if span.place.stage is Stage.HANDOFF),
        "rows": rows,
        "left_out": len(seen) - len(rows),
    }


def _step(step: str, spent: Sequence[Span], now: int) -> StepTimes:
    def seconds(stage: Stage) -> int:
        return sum(span.lasted(now) for span in spent if span.place.stage is stage) // SECOND

    return {
        "step": step,
        "iterations": max((span.place.iteration for span in spent), default=0),
        "rejections": sum(span.ending is Ending.REJECTED for span in spent),
        "writing": seconds(Stage.WRITING),
        "gate": seconds(Stage.GATE),
        "rework": seconds(Stage.REWORK),
    }


def _medians(step: str, finished: Sequence[Span]) -> StepMedians:
    def taken(stage: Stage) -> Taken:
        return _taken(span for span in finished if span.place.step == step and span.place.stage is stage)

    return {
        "step": step,
        "writing": taken(Stage.WRITING),
        "gate": taken(Stage.GATE),
        "rework": taken(Stage.REWORK),
    }


def _taken(finished: Iterable[Span]) -> Taken:
    lasted = sorted(span.lasted(span.ended or 0) for span in finished)
    if not lasted:
        return {"count": 0, "median_seconds": None, "longest_seconds": None}
    middle = (lasted[(len(lasted) - 1) // 2] + lasted[len(lasted) // 2]) // 2
    return {
        "count": len(lasted),
        "median_seconds": middle // SECOND,
        "longest_seconds": lasted[-1] // SECOND,
    }

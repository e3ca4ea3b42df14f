"""How far phases are, and what took how long."""

from typing import TYPE_CHECKING

from domain.event_log import Head
from domain.phase_glance import glance
from domain.phase_state import PhaseState
from projections.moments import as_of
from projections.task_list import counts, outline_places
from projections.titles import title_of, title_place
from usecases.project import Project
from usecases.reads import View, decoded, view_of_all, view_of_phase

if TYPE_CHECKING:
    from projections.progress import PhaseProgress
    from projections.spans import Span
    from usecases.answers import PhaseProgressAnswer, ProgressAnswer


def progress_of(project: Project, phase: str, at: str | None) -> "PhaseProgressAnswer":
    """Return how far one phase is, with every stretch of time it has spent somewhere."""
    from projections.progress import span_rows

    view, head = view_of_phase(project, phase, at)
    found, spent = _of_phase(project, view, head)
    return {**found, "spans": span_rows(spent, now=view.now), "as_of": as_of(view.moment)}


def progress(project: Project, limit: int, at: str | None) -> "ProgressAnswer":
    """Return how far the project is; the times are those of the phases that moved last."""
    from projections.progress import project_progress

    view = view_of_all(project, at)
    seen = view.seen()
    latest = sorted(view.of_phases(seen).values(), key=lambda head: -head.position)[:limit]
    measured = [_of_phase(project, view, head) for head in latest]
    whole = project_progress(list(seen.values()), [row for row, _ in measured], [spent for _, spent in measured])
    return {**whole, "as_of": as_of(view.moment)}


def _of_phase(project: Project, view: View, head: Head) -> "tuple[PhaseProgress, list[Span]]":
    """Return how far a phase is at the moment of a view, and where it spent its time: one stream is read."""
    from projections.progress import phase_progress
    from projections.spans import spans

    state = PhaseState.from_facts(head.facts).at(view.now)
    told = project.log.told([title_place(state), *outline_places(state)])
    title, tasks = title_of(state, told), counts(state, told)
    events = decoded(project.log.stream(head.stream, upto=view.moment.position))
    spent = list(spans(events, now=view.now))
    row = phase_progress(
        glance(head.facts).at(view.now),
        spent,
        title=title.words,
        title_erased=title.erased,
        tasks=(tasks["done"], tasks["total"]),
        now=view.now,
    )
    return row, spent

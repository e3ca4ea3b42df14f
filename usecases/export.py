"""The state and the documents of phases: the same log gives the same bytes."""

from collections.abc import Iterable

from domain.event_log import Head
from domain.steps import STEPS
from projections.document_text import place_of_latest
from projections.moments import maybe_rfc3339
from projections.phase_export import Export, ExportedPhase, exported
from projections.phase_status import phase_status, places
from usecases.project import Project
from usecases.reads import View, document_at, view_of_all, view_of_phase


def export(project: Project, phases: Iterable[str], at: str | None) -> Export:
    """Return phases, or all of them; requests are held against the time of the last event, not the clock."""
    view, heads = _wanted(project, sorted(set(phases)), at)
    return {
        "phases": [_phase(project, view, head) for head in heads],
        "as_of": {"position": view.moment.position, "recorded_at": maybe_rfc3339(view.moment.recorded_at)},
    }


def _wanted(project: Project, phases: list[str], at: str | None) -> tuple[View, list[Head]]:
    """Return the heads of the phases at one moment, and what time it was there."""
    view = view_of_all(project, at, cached=False)
    if at is None:
        view = view._replace(now=view.moment.recorded_at or 0)
    known = view.phases
    for phase in phases:
        if phase not in known:
            view_of_phase(project, phase, at)  # says why: no id, never seen, or not open yet
    return view, [known[phase] for phase in phases or sorted(known) if phase in known]


def _phase(project: Project, view: View, head: Head) -> ExportedPhase:
    status = phase_status(head, project.log.told(places(head)), now_us=view.now, policy=view.policy)
    found = [place for step in STEPS if (place := place_of_latest(head, step))]
    return exported(status, [document_at(project, status["phase"], place) for place in found])

"""Which missing event blocks a step, or the handoff."""

from typing import TYPE_CHECKING

from domain.phase_ids import stream_of
from domain.phase_state import PhaseState
from domain.steps import Step
from projections.moments import as_of
from projections.why import places
from projections.why import why as reasons
from usecases.project import Project
from usecases.reads import heads_at, view_of_phase

if TYPE_CHECKING:
    from usecases.answers import WhyAnswer


def why(project: Project, phase: str, step: Step | None, at: str | None) -> "WhyAnswer":
    """Return what a step still needs; without one, what the handoff does."""
    view, head = view_of_phase(project, phase, at)
    waits_for = PhaseState.from_facts(head.facts).depends_on
    found = heads_at(project, [stream_of(on) for on in waits_for], view.moment if at else None)
    dependencies = {on: found.get(stream_of(on)) for on in waits_for}
    told = project.log.told(places(head))
    result = reasons(head, step, told, now_us=view.now, policy=view.policy, dependencies=dependencies)
    return {**result, "as_of": as_of(view.moment)}

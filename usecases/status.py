"""Where a phase stands, and what to do next."""

from time import time_ns
from typing import TYPE_CHECKING

from domain.event_log import Head
from domain.phase_ids import stream_of
from domain.phase_state import PhaseState
from projections.coverage import coverage
from projections.moments import as_of
from projections.phase_status import phase_status, places
from usecases.project import Project
from usecases.reads import View, view_of_phase

if TYPE_CHECKING:
    from projections.phase_status import PhaseStatus
    from usecases.answers import StatusAnswer


def status(project: Project, phase: str, at: str | None) -> "StatusAnswer":
    """Return where a phase stands, and how much of the log no checkpoint covers."""
    view, head = view_of_phase(project, phase, at)
    found = status_of(project, view, head)
    last = project.checkpoints.last()
    covered = coverage(
        (project.log.moment() if at else view.moment).position,
        size=last.size if last else 0,
        kept_at=last.kept_at if last else None,
        now=time_ns() // 1000,
    )
    return {**found, "checkpoint": covered, "as_of": as_of(view.moment)}


def status_of(project: Project, view: View, head: Head) -> "PhaseStatus":
    """Return the status of one phase at the moment of a view."""
    told = project.log.told(places(head))
    found = phase_status(head, told, now_us=view.now, policy=view.policy)
    if found["current_step"] == "handoff" and _waits(project, found["depends_on"]):
        found["next_commands"] = [f"orch why {found['phase']}"]
    return found


def next_commands(project: Project, phase: str) -> list[str]:
    """Return the commands to type next, as things are now."""
    view, head = view_of_phase(project, phase, None)
    return list(status_of(project, view, head)["next_commands"])


def _waits(project: Project, phases: list[str]) -> bool:
    """Tell whether one of these phases has still to be handed off."""
    heads = project.log.heads([stream_of(phase) for phase in phases])[1]
    return any(not PhaseState.from_facts(head.facts).handed_off for head in heads.values())

"""All phases, a row each."""

from typing import TYPE_CHECKING

from projections.moments import as_of
from projections.phase_list import phase_list, places, states_of
from usecases.project import Project
from usecases.reads import view_of_all

if TYPE_CHECKING:
    from usecases.answers import ListAnswer


def phases(project: Project, at: str | None) -> "ListAnswer":
    """Return all phases as of now or of a moment."""
    view = view_of_all(project, at)
    states = states_of(view.phases.values(), now_us=view.now)
    rows = phase_list(states, project.log.told(places(states)), now_us=view.now, policy=view.policy)
    return {"rows": rows, "as_of": as_of(view.moment)}

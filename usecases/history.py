"""What happened to a phase."""

from typing import TYPE_CHECKING

from domain.phase_ids import stream_of
from projections.moments import as_of
from usecases.moments import resolved
from usecases.project import Project
from usecases.reads import decoded, redactions_in, view_of_phase

if TYPE_CHECKING:
    from usecases.answers import HistoryAnswer


def history(project: Project, phase: str, at: str | None) -> "HistoryAnswer":
    """Return what happened to a phase until now or until a moment."""
    from projections.history import history as rows_of

    view, _ = view_of_phase(project, phase, at)
    upto = resolved(at, project.log)[0].position if at else view.moment.position
    rows = list(rows_of(decoded(project.log.stream(stream_of(phase), upto=upto)), redactions_in(project)))
    return {"rows": rows, "as_of": as_of(view.moment)}

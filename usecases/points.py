"""Names for places in the log to come back to."""

from typing import TYPE_CHECKING

from domain.restore_point import PREFIX
from projections.moments import as_of
from projections.restore_points import restore_points
from usecases.project import Project
from usecases.reads import view_below

if TYPE_CHECKING:
    from usecases.answers import PointsAnswer


def points(project: Project, at: str | None = None) -> "PointsAnswer":
    """Return the restore points in the order of the log."""
    view = view_below(project, PREFIX, at)
    told = project.log.told([(head.stream, head.version) for head in view.heads.values()])
    times = {each.facts["position"]: project.log.moment(each.facts["position"]) for each in told.values()}
    return {"rows": restore_points(told.values(), times), "as_of": as_of(view.moment)}

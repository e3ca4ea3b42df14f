"""Names for places in the log to come back to."""

from typing import TYPE_CHECKING

from domain.restore_point import PREFIX
from projections.moments import as_of
from projections.restore_points import restore_points
from usecases.project import Project

if TYPE_CHECKING:
    from usecases.answers import PointsAnswer


def points(project: Project) -> "PointsAnswer":
    """Return the restore points in the order of the log."""
    moment, heads = project.log.heads_below(PREFIX)
    told = project.log.told([(head.stream, head.version) for head in heads.values()])
    times = {each.facts["position"]: project.log.moment(each.facts["position"]) for each in told.values()}
    return {"rows": restore_points(told.values(), times), "as_of": as_of(moment)}

"""The whole project at a glance."""

from typing import TYPE_CHECKING

from projections.dashboard import Dashboard, attentions, places, rows_of, totals
from projections.moments import as_of
from projections.urgent import Judging
from usecases.advice import advice
from usecases.project import Project
from usecases.reads import View, view_of_all

if TYPE_CHECKING:
    from usecases.answers import DashboardAnswer

ADVISED = 3


def dashboard_of(project: Project, view: View, *, limit: int | None) -> Dashboard:
    """Return the dashboard at the moment of a view, with so many phases at the most."""
    seen = view.seen()
    judging = Judging(now_us=view.now, policy=view.policy)
    attention = attentions(seen, judging)
    heads = list(view.of_phases(list(attention)[:limit]).values())
    told = project.log.told(places(heads))
    rows = rows_of(heads, told, attention=attention, seen=seen, now_us=view.now, policy=view.policy)
    return {
        "totals": totals(seen.values(), attention.values()),
        "rows": rows,
        "left_out": len(seen) - len(rows),
        "advice": advice(project, view, seen, limit=ADVISED, judging=judging).rows,
    }


def dashboard(project: Project, limit: int | None, at: str | None) -> "DashboardAnswer":
    """Return the dashboard as of now or of a moment; no file is written."""
    view = view_of_all(project, at)
    return {**dashboard_of(project, view, limit=limit), "document": None, "as_of": as_of(view.moment)}

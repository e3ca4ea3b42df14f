"""What can be done now, in all phases."""

from typing import TYPE_CHECKING

from projections.moments import as_of
from usecases.advice import advice
from usecases.project import Project
from usecases.reads import view_of_all

if TYPE_CHECKING:
    from usecases.answers import NextAnswer


def next_steps(project: Project, limit: int, at: str | None) -> "NextAnswer":
    """Return the most urgent things to do, and how many more there are."""
    view = view_of_all(project, at)
    rows, things = advice(project, view, view.seen(), limit=limit)
    return {"rows": rows, "left_out": things - len(rows), "as_of": as_of(view.moment)}

"""Who reviewed what, whether the log is still the one they saw, and what is left."""

from typing import TYPE_CHECKING

from domain.errors import Damaged
from domain.ledger import STREAM
from domain.tree_ranges import range_root_of
from projections.moments import as_of
from projections.reviews import ReviewRow, unreviewed
from projections.reviews import reviews as rows_of
from usecases.moments import resolved
from usecases.project import Project
from usecases.reads import decoded

if TYPE_CHECKING:
    from usecases.answers import ReviewsAnswer


def reviews(project: Project, at: str | None) -> "ReviewsAnswer":
    """Return the reviews, each held against the log, and what nobody has reviewed."""
    moment = resolved(at, project.log)[0] if at else project.log.moment()
    rows = reviews_at(project, moment.position)
    return {"rows": rows, "unreviewed": unreviewed(rows, moment.position), "as_of": as_of(moment)}


def reviews_at(project: Project, position: int) -> list[ReviewRow]:
    """Return the reviews recorded up to a position, each held against the tree as the log keeps it."""
    range_root = range_root_of(project.log)

    def holds(size: int, root: str) -> bool:
        try:
            return range_root(0, size).hex() == root
        except Damaged:
            return False

    return rows_of(decoded(project.log.stream(STREAM, upto=position)), holds)

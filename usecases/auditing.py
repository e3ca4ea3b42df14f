"""What auditors count and look at first, over the trail as far as they want it."""

from collections import Counter

from domain.errors import InvalidInput
from projections.audit_exceptions import ExceptionKind, audit_exceptions
from projections.audit_population import audit_population
from projections.audit_sample import ALGORITHM, audit_sample
from projections.moments import as_of
from usecases.audit_answers import ExceptionsAnswer, PopulationAnswer, SampleAnswer
from usecases.project import Project
from usecases.trail import Scope, Watched, rows_in, unwatched

MOST = 100_000
"""A sample is held in memory; the trail is not."""


def exceptions(project: Project, scope: Scope, *, watched: Watched = unwatched) -> ExceptionsAnswer:
    """Return what went another way than the plain one."""
    rows = list(audit_exceptions(rows_in(project, scope, watched=watched)))
    counts = Counter(row["exception"] for row in rows)
    return {
        "rows": rows,
        "counts": [{"exception": kind, "count": counts[kind]} for kind in ExceptionKind],
        "as_of": as_of(scope.moment),
    }


def population(project: Project, scope: Scope, *, watched: Watched = unwatched) -> PopulationAnswer:
    """Return how many events there are."""
    return {**audit_population(rows_in(project, scope, watched=watched)), "as_of": as_of(scope.moment)}


def sample(project: Project, scope: Scope, *, seed: str, size: int, watched: Watched = unwatched) -> SampleAnswer:
    """Return the events that a seed draws."""
    drawn = audit_sample(rows_in(project, scope, watched=watched), seed=seed, size=size)
    return {
        "rows": drawn.rows,
        "seed": seed,
        "algorithm": ALGORITHM,
        "population": drawn.population,
        "as_of": as_of(scope.moment),
    }


def checked_seed(seed: str) -> str:
    """Return a seed that can be said again."""
    if not seed or len(seed) > 200 or not seed.isprintable():
        raise InvalidInput("A seed has 1 to 200 printable characters.", fix=("orch audit sample --seed 2026-q4",))
    return seed

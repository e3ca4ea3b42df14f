"""History event by event, with the state after each."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from domain.phase_ids import stream_of
from usecases.project import Project
from usecases.reads import decoded
from usecases.trail import Scope, Watched, unwatched

if TYPE_CHECKING:
    from domain.event_log import Record
    from projections.replay import ReplayRow


def replayed(project: Project, scope: Scope, *, watched: Watched = unwatched) -> "Iterator[ReplayRow]":
    """Yield every wanted event, and the state after it. Reads from the beginning, since states come from before."""
    from projections.replay import replay as rows_of

    rows = rows_of(decoded(watched(*records_in(project, scope))), first=scope.wanted.first)
    return (row for row in rows if scope.wanted.step in (None, row["step"]))


def records_in(project: Project, scope: Scope) -> "tuple[Iterator[Record], int]":
    """Return what has to be read, from the beginning on, and about how many events that is."""
    wanted, last = scope.wanted, scope.wanted.last or 0
    if last < wanted.first:
        return iter(()), 0
    if wanted.phase is None:
        return project.log.records(1, last), last
    stream = stream_of(wanted.phase)
    return project.log.stream(stream, upto=last), project.log.heads([stream])[1][stream].version

"""The moment that a recovery goes to, as it answers."""

from typing import TYPE_CHECKING

from domain.errors import NotFound
from projections.moments import as_of
from usecases.recover_answers import Resolution
from usecases.recover_sources import Source

if TYPE_CHECKING:
    from domain.event_log import Moment


def moment_to(source: Source, to: str) -> "Moment":
    """Return the moment a recovery is to go to; there has to be an event by then."""
    moment = source.moment(to)
    if moment.position == 0:
        raise NotFound(
            f"{to} is before the first event of this log; there is nothing to recover.",
            fix=("orch recover run --to position:1 --out recovered",),
        )
    return moment


def resolution(source: Source, to: str, moment: "Moment") -> Resolution:
    """Return what T resolved to, and where the events come from."""
    return {
        "to": to,
        "as_of": as_of(moment),
        "splits_command": moment.recorded_at is not None and moment.next_recorded_at == moment.recorded_at,
        "source": {"kind": source.kind, "where": source.where, "origin": source.origin, "size": source.size},
    }

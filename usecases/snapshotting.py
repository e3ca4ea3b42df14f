"""Snapshots of all heads at round positions: an earlier state costs one of them and a short fold."""

from typing import TYPE_CHECKING

from domain.event_log import EventLog, Snapshot

if TYPE_CHECKING:  # every write asks whether one is due, and hardly ever one is
    from projections.heads import FreshHeads

EVERY = 10_000
"""Positions between two snapshots: what a read of an earlier state folds at the most."""


def keep_due(log: EventLog, first: int, last: int, *, every: int = EVERY) -> None:
    """Keep the snapshot whose position a command from `first` to `last` has reached, if it has reached one.

    Only the next one after those that are there: where more are missing, `orch rebuild` makes them.
    """
    position = last // every * every
    if position < first:
        return
    before = log.snapshot(position)
    if (before.position if before else 0) == position - every:
        log.keep_snapshot(position, folded(log, position, before).heads())


def folded(log: EventLog, position: int, before: Snapshot | None) -> "FreshHeads":
    """Fold what came after a snapshot, up to a position."""
    from adapters.codec import decode
    from projections.heads import FreshHeads

    fresh = FreshHeads(before.heads if before else None)
    for record in log.records(before.position + 1 if before else 1, position):
        fresh.add(record.position, record.stream, decode(record))
    return fresh

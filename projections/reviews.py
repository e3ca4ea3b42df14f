"""What auditors have reviewed, whether the log is still the one they saw, and what nobody has looked at yet."""

from collections.abc import Callable, Iterable
from typing import TypedDict

from domain.event_log import Record
from domain.events import DomainEvent
from domain.ledger_events import Reviewed
from domain.times import rfc3339
from projections.history import is_erased
from projections.people import Person, person

RootHolds = Callable[[int, str], bool]
"""Tells whether the tree of a size still has that root, in hex."""


class Span(TypedDict):
    """Positions from a first to a last one, both included."""

    first: int
    last: int


class ReviewRow(TypedDict):
    """One review. It `holds` while the log up to its last position still has the root that was reviewed."""

    position: int
    recorded_at: str
    actor: Person
    first: int
    last: int
    root: str
    holds: bool
    comments: str | None
    erased: bool
    command_id: str


def reviews(ledger: Iterable[tuple[Record, DomainEvent]], holds: RootHolds) -> list[ReviewRow]:
    """Return a row for each review among the events of the ledger."""
    return [_row(record, event, holds) for record, event in ledger if isinstance(event, Reviewed)]


def unreviewed(rows: Iterable[ReviewRow], last: int) -> list[Span]:
    """Return the positions up to a last one that no review covers. One that does not hold covers nothing."""
    gaps: list[Span] = []
    at = 1
    for row in sorted((row for row in rows if row["holds"]), key=lambda row: row["first"]):
        if row["first"] > at:
            gaps.append({"first": at, "last": min(row["first"] - 1, last)})
        at = max(at, row["last"] + 1)
    if at <= last:
        gaps.append({"first": at, "last": last})
    return gaps


def _row(record: Record, event: Reviewed, holds: RootHolds) -> ReviewRow:
    return {
        "position": record.position,
        "recorded_at": rfc3339(record.recorded_at),
        "actor": person(event.by),
        "first": event.first,
        "last": event.last,
        "root": event.root,
        "holds": holds(event.last, event.root),
        "comments": event.comments or None,
        "erased": is_erased(event),
        "command_id": record.command_id,
    }

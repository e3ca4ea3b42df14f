"""Make a log anew from stored events, its heads from a fresh fold."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from adapters.codec import event_without_texts
from adapters.sqlite_refill import refilled
from adapters.stored_events import StoredEvent, restored
from domain.aggregates import EventSourced
from domain.event_log import Head, Record, TreeHead
from projections.folding import fold

PAGE = 1024
"""Rows written at a time."""


def refill(
    path: Path,
    origin: str,
    events: Iterable[StoredEvent],
    *,
    notes: dict[str, str] | None = None,
    done: Callable[[int], None] = lambda _: None,
    folded: Callable[[Mapping[str, Head]], None] = lambda _: None,
) -> TreeHead:
    """Make a new log that holds exactly these events from position 1 on, and return its tree head.

    Tree, commands and heads are made from the events alone: only their bytes have to be believed, and the root
    tells whether to. `done` is told of events as they are written, `folded` of the heads they fold into. `notes` say
    where the log comes from. Raises `AlreadyExists`, `Unavailable`, `Damaged` for what no log has written.
    """
    aggregates: dict[str, EventSourced] = {}
    positions: dict[str, int] = {}
    with refilled(path, origin) as log:
        page: list[Record] = []
        for position, event in enumerate(events, 1):
            record, envelope = restored(position, event)
            fold(aggregates, record, event_without_texts(record, envelope))
            positions[record.stream] = position
            page.append(record)
            if len(page) == PAGE:
                log.add(page)
                done(PAGE)
                page = []
        log.add(page)
        done(len(page))
        for key, value in (notes or {}).items():
            log.note(key, value)
        heads = {s: Head(s, aggregate.version, positions[s], aggregate.head()) for s, aggregate in aggregates.items()}
        folded(heads)
        return log.finish(heads)

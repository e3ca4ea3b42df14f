"""Make a log anew from stored events, its heads and snapshots from a fresh fold."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from adapters.codec import event_of
from adapters.sqlite_refill import refilled
from adapters.stored_events import StoredEvent, restored
from cli.snapshotting import EVERY
from domain.event_log import Head, Record, TreeHead
from projections.heads import FreshHeads

PAGE = 1000
"""Rows written at a time; a snapshot falls on the end of a page."""


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

    Tree, commands, heads and snapshots are made from the events alone: only their bytes have to be believed, and the
    root tells whether to. `done` is told of events as they are written, `folded` of the heads they fold into. `notes`
    say where the log comes from. Raises `AlreadyExists`, `Unavailable`, `Damaged` for what no log has written.
    """
    fresh = FreshHeads()
    with refilled(path, origin) as log:
        page: list[Record] = []
        for position, event in enumerate(events, 1):
            record, envelope = restored(position, event)
            stream = record.stream
            fresh.add(position, stream, event_of(position, stream, record.version, record.topic, envelope))
            page.append(record)
            if len(page) == PAGE:
                log.add(page)
                done(PAGE)
                page = []
                if position % EVERY == 0:
                    log.keep_snapshot(fresh.heads())
        log.add(page)
        done(len(page))
        for key, value in (notes or {}).items():
            log.note(key, value)
        heads = fresh.heads()
        folded(heads)
        return log.finish(heads)

"""Make a log anew from its rows or from stored events, its heads and snapshots from a fresh fold."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from adapters.refill import Fingerprints
from adapters.stored_events import StoredEvent, restored
from adapters.stores import refilled_at
from domain.event_log import Head, Record, TreeHead
from usecases.fold_here import Fold, FoldHere

PAGE = 1000
"""Rows written at a time."""


def refill(
    address: str | Path,
    origin: str,
    events: Iterable[StoredEvent],
    *,
    notes: dict[str, str] | None = None,
    done: Callable[[int], None] = lambda _: None,
) -> TreeHead:
    """Make a new log that holds exactly these events from position 1 on, and return its tree head.

    Columns, tree, commands, heads and snapshots are made from the events alone: only their bytes have to be believed,
    and the root tells whether to. Otherwise as `write_rows`.
    """
    fold = FoldHere()
    return write_rows(address, origin, rows_of(events, fold), fold, notes=notes, done=done)


def rows_of(events: Iterable[StoredEvent], fold: FoldHere) -> Iterator[list[Record]]:
    """Yield the rows of stored events, which are folded on the way. Raises `Damaged` for what no log has written."""
    page: list[Record] = []
    for position, event in enumerate(events, 1):
        record, envelope = restored(position, event)
        fold.add(position, record.stream, record.version, record.topic, envelope)
        page.append(record)
        if len(page) == PAGE:
            yield page
            page = []
    yield page


def write_rows(
    address: str | Path,
    origin: str,
    pages: Iterable[list[Record]],
    fold: Fold,
    *,
    notes: dict[str, str] | None = None,
    done: Callable[[int], None] = lambda _: None,
    folded: Callable[[Mapping[str, Head]], None] = lambda _: None,
    fingerprints: Fingerprints = lambda _: {},
) -> TreeHead:
    """Make a new log of rows from position 1 on, as they are, and of their fold, and return its tree head.

    It is in a file, or in a database where `address` is one. `done` is told of rows as they are written, `folded` of
    the heads. `notes` say where the log comes from. Whether the rows fit each other is for a verification to find.
    Raises `AlreadyExists`, `Unavailable`, `Damaged`.
    """
    with refilled_at(str(address), origin, fingerprints) as log:
        for page in pages:
            log.add(page)
            log.keep_snapshots(fold.kept())
            done(len(page))
        for key, value in (notes or {}).items():
            log.note(key, value)
        heads = fold.heads()
        log.keep_snapshots(fold.kept())
        folded(heads)
        return log.finish(heads)

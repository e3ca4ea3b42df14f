"""The search index beside the log: brought up to date before every answer, made anew whenever in doubt."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from adapters.envelope import told as told_by
from adapters.places import Places
from adapters.search_index import SearchIndex
from adapters.writers_queue import WritersQueue
from cli.progress import Progress
from domain.errors import UnknownEvent
from domain.event_log import EventLog
from domain.text_index import Followed, IndexBroken, IndexedText
from domain.tree_ranges import range_root_of
from projections.redactions import TOPIC as REDACTED
from projections.searchable import phase_spoken_of, texts_of
from projections.words import folded

BATCH = 2_000
"""Events that are taken in at a time."""
PATIENCE_S = 120.0
"""So long a search waits for another one, which may be making the whole index."""


def path_of(places: Places) -> Path:
    """Return where the index lies."""
    return places.state / "cache" / "search.db"


@contextmanager
def index_held(places: Places) -> Iterator[SearchIndex]:
    """Open the index and hold it, alone; it is made in memory where nothing can be kept."""
    path = path_of(places)
    with suppress(OSError):  # then it cannot be written either
        path.parent.mkdir(mode=0o700, exist_ok=True)
    if not os.access(path.parent, os.W_OK):
        memory = SearchIndex(None)
        try:
            yield memory
        finally:
            memory.close()
        return
    with WritersQueue(path.with_name("search.lock"), timeout_s=PATIENCE_S, what="the search index").turn():
        index = SearchIndex(path)
        try:
            yield index
        finally:
            index.close()


def bring_up_to_date(index: SearchIndex, log: EventLog) -> None:
    """Let the index follow the log to its end, in batches; an index of another history begins anew."""
    end = log.moment().position
    start = _sound_upto(index, log)
    with Progress(end - start, "events for the search") as progress:
        while start < end:
            last = min(start + BATCH, end)
            erased: list[int] = []
            upto = Followed(log.origin, last, _root(log, last))
            index.add(_texts(log, start + 1, last, erased), erased, upto)
            progress.advance(last - start)
            start = last


def rebuild_index(places: Places, log: EventLog, *, check: bool) -> bool:
    """Hold the index against the log, and make it anew unless that was all; tell whether it differed.

    There is nothing to do where no index is kept: the next search makes one.
    """
    if not os.path.lexists(path_of(places)):
        return False
    with index_held(places) as index:
        try:
            have = index.followed()
            sound = have is None or (_is_of(have, log) and index.holds(_texts(log, 1, have.position, [])))
        except IndexBroken:
            sound = False
        if not check:
            if not sound:
                index.clear()
            bring_up_to_date(index, log)
    return not sound


def forget_in_index(places: Places, log: EventLog, position: int) -> None:
    """Let an erased text leave the index at once; where nobody can tell where it stands, the whole index goes."""
    path = path_of(places)
    if not os.path.lexists(path):
        return
    with index_held(places) as index:
        try:
            _sound_upto(index, log)
            index.forget(position)
        except IndexBroken:
            index.clear()


def _sound_upto(index: SearchIndex, log: EventLog) -> int:
    """Return up to where the index holds this very log; nothing of it is left where it holds another one."""
    have = index.followed()
    if have is None:
        return 0
    if _is_of(have, log):
        return have.position
    index.clear()
    return 0


def _is_of(have: Followed, log: EventLog) -> bool:
    known = have.origin == log.origin and 0 < have.position <= log.moment().position
    return known and _root(log, have.position) == have.root


def _root(log: EventLog, size: int) -> str:
    return range_root_of(log)(0, size).hex()


def _texts(log: EventLog, first: int, last: int, erased: list[int]) -> Iterator[IndexedText]:
    """Yield the texts of a stretch of the log; note whose text a redaction in it has erased."""
    from domain.topics import TOPICS

    for record in log.records(first, last):
        if record.topic not in TOPICS:
            raise UnknownEvent(
                f"Position {record.position} holds {record.topic[:80]!r}, which this version of orch does not know.",
                fix=("orch version",),
            )
        if record.payload is None and record.topic != REDACTED:
            continue
        told = told_by(record)
        if record.topic == REDACTED:
            erased.append(int(told.facts.get("position", 0)))
        phase = phase_spoken_of(told, record.stream)
        for part, text in enumerate(texts_of(told)):
            yield IndexedText(record.position, part, text.kind, phase, folded(text.words))

"""The search index beside the log: brought up to date before every answer, made anew whenever in doubt."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from adapters.envelope import told as told_by
from adapters.follower_file import FollowerFile
from adapters.places import Places
from adapters.search_index import SearchIndex
from domain.errors import UnknownEvent
from domain.event_log import EventLog
from domain.following import Followed, FollowerBroken, Step, advance, doubt_about
from domain.text_index import IndexedText
from projections.redactions import TOPIC as REDACTED
from projections.searchable import phase_spoken_of, texts_of
from projections.words import folded
from usecases.meters import Metering, unseen


class SearchFollower(SearchIndex):
    """The index, and how it follows the log."""

    def take(self, log: EventLog, first: int, upto: Followed) -> None:
        """Take in the texts of a stretch of the log, and let those go that were erased in it."""
        erased: list[int] = []
        self.add(_texts(log, first, upto.position, erased), erased, upto)


def file_of(places: Places) -> FollowerFile:
    """Return where the index lies."""
    return FollowerFile(places.state / "cache" / "search.db", "the search index")


@contextmanager
def index_held(places: Places) -> Iterator[SearchFollower]:
    """Open the index and hold it, alone; it is made in memory where nothing can be kept."""
    file = file_of(places)
    with suppress(OSError):  # then it cannot be written either
        file.path.parent.mkdir(mode=0o700, exist_ok=True)
    if not os.access(file.path.parent, os.W_OK):
        memory = SearchFollower(None)
        try:
            yield memory
        finally:
            memory.close()
        return
    with file.held(SearchFollower) as index:
        yield index


def bring_up_to_date(index: SearchFollower, log: EventLog, *, metering: Metering = unseen) -> None:
    """Let the index follow the log to its end; an index of another history begins anew, and nobody need hear of it."""
    step = advance(index, log)
    with metering(step.end - step.before, "events for the search") as progress:
        progress.advance(step.position - step.before)
        while step.behind:
            step = advance(index, log)
            progress.advance(step.position - step.before)


def rebuild_index(places: Places, log: EventLog, *, check: bool, metering: Metering = unseen) -> bool:
    """Hold the index against the log, and make it anew unless that was all; tell whether it differed.

    The old one serves until the new one takes its place. There is nothing to do where no index is kept: the next
    search makes one.
    """
    if not os.path.lexists(file_of(places).path):
        return False
    with index_held(places) as index:
        try:
            have = index.followed()
            sound = have is None or (not doubt_about(have, log) and index.holds(_texts(log, 1, have.position, [])))
        except FollowerBroken:
            sound = False
        if sound and not check:
            bring_up_to_date(index, log, metering=metering)
    if not sound and not check:
        make_anew(places, log, metering=metering)
    return not sound


def make_anew(places: Places, log: EventLog, *, metering: Metering = unseen) -> None:
    """Make another index while the old one serves."""
    with metering(log.moment().position, "events for the search") as progress:

        def done(step: Step) -> None:
            progress.advance(step.position - step.before)

        file_of(places).rebuild(SearchFollower, log, done=done)


def forget_in_index(places: Places, log: EventLog, position: int) -> None:
    """Let an erased text leave the index at once, and one that is being made; in doubt the whole index goes.

    The one that is being made comes first: once it has taken the place of the other, it is found there.
    """
    for file in (file_of(places).fresh, file_of(places)):
        if os.path.lexists(file.path):
            with file.turn():
                if os.path.lexists(file.path):
                    _forget(file, log, position)


def _forget(file: FollowerFile, log: EventLog, position: int) -> None:
    index = SearchFollower(file.path)
    try:
        have = index.followed()
        if have is not None and doubt_about(have, log):
            index.begin_anew()
        index.forget(position)
    except FollowerBroken:
        index.begin_anew()
    finally:
        index.close()


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

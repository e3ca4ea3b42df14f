"""Fold the whole log anew and hold the heads and snapshots that the store keeps against what comes out."""

from collections.abc import Callable
from typing import NamedTuple

from adapters.codec import event_of
from adapters.snapshots import lines_of
from domain.errors import Damaged
from domain.event_log import EventLog, Head
from projections.heads import FreshHeads
from usecases.fold_here import COLUMNS, with_envelopes
from usecases.snapshotting import EVERY


class Refolded(NamedTuple):
    """What a fresh fold gives, and where the store keeps something else."""

    position: int
    heads: dict[str, Head]
    other_heads: list[str]
    """The streams whose kept head differs, is missing, or has no events."""
    other_snapshots: list[int]
    missing_snapshots: list[int]

    @property
    def holds(self) -> bool:
        """Whether the store keeps what the events say."""
        return not (self.other_heads or self.other_snapshots or self.missing_snapshots)


def refolded(log: EventLog, *, done: Callable[[int], None], every: int = EVERY) -> Refolded:
    """Fold every event and compare. `done` is told of events as they are folded."""
    moment, kept_heads = log.heads_below("")
    fresh = FreshHeads()
    kept = set(log.snapshot_positions())
    due = range(every, moment.position + 1, every)
    other = [position for position in kept if position not in due]
    for position in due:
        _fold(log, fresh, position - every + 1, position)
        done(every)
        if position in kept and _lines(log, position) != lines_of(fresh.heads()):
            other.append(position)
    rest = moment.position % every
    _fold(log, fresh, moment.position - rest + 1, moment.position)
    done(rest)
    heads = fresh.heads()
    differing = sorted(name for name in heads.keys() | kept_heads.keys() if heads.get(name) != kept_heads.get(name))
    return Refolded(moment.position, heads, differing, sorted(other), sorted({*due} - kept))


def keep_snapshots(log: EventLog, upto: int, *, done: Callable[[int], None], every: int = EVERY) -> None:
    """Make all snapshots up to a position anew."""
    log.forget_snapshots()
    fresh = FreshHeads()
    for position in range(every, upto + 1, every):
        _fold(log, fresh, position - every + 1, position)
        log.keep_snapshot(position, fresh.heads())
        done(every)


def _lines(log: EventLog, position: int) -> bytes | None:
    try:
        return log.snapshot_lines(position)
    except Damaged:
        return None


def _fold(log: EventLog, fresh: FreshHeads, first: int, last: int) -> None:
    for page in log.pages(COLUMNS, first, last):
        for position, stream, version, topic, envelope in with_envelopes(page):
            fresh.add(position, stream, event_of(position, stream, version, topic, envelope))

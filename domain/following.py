"""What follows a log: copies made from it in batches, each of which knows how far it is and of which log it is."""

from enum import StrEnum
from typing import NamedTuple, Protocol

from domain.errors import Unavailable
from domain.event_log import EventLog
from domain.tree_ranges import range_root_of


class Followed(NamedTuple):
    """How much of which log a copy holds: its name, a position, the root of its tree up to there."""

    origin: str
    position: int
    root: str


class FollowerBroken(Exception):
    """What a follower keeps can be read no more; whoever uses it throws it away, and begins anew."""


class Doubt(StrEnum):
    """Why a copy is not gone on with."""

    OTHER_LOG = "other_log"
    """It was made from a log of another name."""
    AHEAD = "ahead"
    """It holds more than there is in the log."""
    OTHER_HISTORY = "other_history"
    """It was made from a log of the same name in which other things had happened."""
    BROKEN = "broken"
    """It can be read no more."""


class Follower(Protocol):
    """A copy that is held for a moment. Every method may raise `FollowerBroken` and `Unavailable`."""

    @property
    def most(self) -> int:
        """Events that it takes in at once."""
        ...

    def followed(self) -> Followed | None:
        """Return how far it is, or None where it holds nothing yet."""
        ...

    def take(self, log: EventLog, first: int, upto: Followed) -> None:
        """Take in the events from a position on and say how far it is then: all at once, or not at all.

        Where that cannot be one transaction, taking the same events in again leaves the same behind.
        """
        ...

    def begin_anew(self) -> None:
        """Throw everything away."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Changes(Protocol):
    """Word that a log has grown: LISTEN on a server, the file system on a machine."""

    def wait(self, seconds: float) -> bool:
        """Wait until the log may have grown since this was made, or last asked; False where nothing was heard in time.

        What is appended between two calls is heard by the second one at once. True may be a false alarm, and a word
        may get lost where the system is overrun: whoever follows looks at the log now and then by itself, too.
        """
        ...

    def close(self) -> None:
        """Listen no longer."""
        ...


class Step(NamedTuple):
    """What one batch did."""

    before: int
    position: int
    end: int
    """Where the log ended."""
    doubt: Doubt | None = None
    """Why it had to begin anew."""

    @property
    def behind(self) -> bool:
        """Whether there is more to take in."""
        return self.position < self.end


def advance(follower: Follower, log: EventLog) -> Step:
    """Let a follower take in its next batch; one that is broken, or holds another history, begins anew first.

    Raises `Unavailable` where it breaks again as soon as it is made anew.
    """
    try:
        return _advance(follower, log)
    except FollowerBroken:
        follower.begin_anew()
    try:
        return _advance(follower, log)._replace(doubt=Doubt.BROKEN)
    except FollowerBroken as error:
        raise Unavailable(f"What follows the log breaks again as soon as it is made anew: {error}.") from error


def _advance(follower: Follower, log: EventLog) -> Step:
    have = follower.followed()
    doubt = doubt_about(have, log) if have is not None else None
    if doubt is not None:
        follower.begin_anew()
        have = None
    before = have.position if have is not None else 0
    end = log.moment().position
    if before >= end:
        return Step(before, before, end, doubt)
    last = min(before + follower.most, end)
    follower.take(log, before + 1, Followed(log.origin, last, root_at(log, last)))
    return Step(before, last, end, doubt)


def doubt_about(have: Followed, log: EventLog) -> Doubt | None:
    """Return why a copy is not one of this log's beginning, or None where it is."""
    if have.origin != log.origin:
        return Doubt.OTHER_LOG
    if have.position > log.moment().position:
        return Doubt.AHEAD
    if have.position < 1 or root_at(log, have.position) != have.root:
        return Doubt.OTHER_HISTORY
    return None


def root_at(log: EventLog, position: int) -> str:
    """Return the root of a log's tree up to a position, in hex."""
    tree = log.tree()  # as kept with the last append: mostly this is asked of the end
    if tree.size == position:
        return tree.root.hex()
    return range_root_of(log)(0, position).hex()

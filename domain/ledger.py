"""The log as a thing that has keys, is reviewed, and whose texts can be erased."""

from datetime import datetime
from typing import TYPE_CHECKING

from domain.actors import Actor
from domain.aggregates import EventSourced
from domain.errors import InvalidInput, ReasonMissing
from domain.ledger_events import (
    Alerted,
    AlertKind,
    Forked,
    KeyRotated,
    PayloadRedacted,
    Recovered,
    RecoverySource,
    Reviewed,
)
from domain.ledger_state import LedgerState
from domain.promotion_facts import ForkFacts

STREAM = "ledger"


class Ledger(EventSourced):
    """What happens to the log itself. Every method decides, or refuses and leaves no event."""

    if TYPE_CHECKING:
        state: LedgerState

    def rotate(self, public_key: str, *, first_key: str, reason: str, by: Actor, at: datetime) -> None:
        """Replace the key in force; until the first rotation that is the key the project began with."""
        _refuse_without(reason, "Replacing the key", command="audit key rotate", example="why the key is replaced")
        replaces = self.state.public_key or first_key
        self.happen(KeyRotated, public_key=public_key, replaces=replaces, reason=reason, by=by, at=at)

    def redact(self, position: int, *, stream: str, version: int, reason: str, by: Actor, at: datetime) -> None:
        """Erase the free text of an event that may lose it: `domain.redaction` has made sure."""
        command = f"audit redact {position}"
        _refuse_without(reason, "A redaction", command=command, example="why the text has to go")
        self.happen(PayloadRedacted, position=position, stream=stream, version=version, reason=reason, by=by, at=at)

    def review(self, first: int, last: int, *, root: str, comments: str, by: Actor, at: datetime) -> None:
        """Record that positions `first` to `last` were reviewed in the log whose tree up to `last` has that root."""
        refuse_no_range(first, last)
        self.happen(Reviewed, first=first, last=last, root=root, comments=comments, by=by, at=at)

    def alert(
        self, kind: AlertKind, *, count: int, threshold: int, seconds: int, sources: str, by: Actor, at: datetime
    ) -> None:
        """Record that requests of a kind came `count` times in so many seconds, where a threshold allows fewer."""
        if not (1 <= threshold <= count and seconds >= 1):
            raise InvalidInput(
                f"An alert counts from its threshold on, within a second at least; got {count} of {threshold} in"
                f" {seconds} s."
            )
        self.happen(
            Alerted, kind=kind, count=count, threshold=threshold, seconds=seconds, sources=sources, by=by, at=at
        )

    def fork(self, way: ForkFacts, *, size: int, root: str, reason: str, by: Actor, at: datetime) -> None:
        """Go on as another log after `size` events that are the parent's."""
        _refuse_without(reason, "A promotion", command="recover promote NEW", example="why the project goes back")
        self.happen(
            Forked,
            origin=way.origin,
            parent=way.parent,
            size=size,
            root=root,
            parent_size=max(way.parent_size, size),
            checkpoint=way.checkpoint,
            public_key=way.public_key,
            replaces=way.replaces,
            reason=reason,
            by=by,
            at=at,
        )

    def recover(self, position: int, *, source: RecoverySource, reason: str, by: Actor, at: datetime) -> None:
        """Record that the log begins with what was recovered up to a position."""
        self.happen(Recovered, position=position, source=source, reason=reason, by=by, at=at)


def refuse_no_range(first: int, last: int) -> None:
    """Refuse to review what is no range of positions."""
    if not 1 <= first <= last:
        raise InvalidInput(
            f"A review is of positions from 1 on, the first before the last; got {first} to {last}.",
            fix=("orch audit review --from position:1",),
        )


def _refuse_without(reason: str, what: str, *, command: str, example: str) -> None:
    if not reason.strip():
        raise ReasonMissing(what, command=command, example=example)

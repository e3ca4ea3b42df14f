"""Fold a log anew and compare what comes out with the heads that the log keeps."""

from collections.abc import Callable, Mapping
from typing import Any

from domain.aggregates import EventSourced
from domain.errors import Refusal
from domain.event_log import Head, Record
from domain.events import DomainEvent
from projections.folding import fold
from projections.verification import Findings
from projections.verify_snapshots import Snapshots

EventOf = Callable[[int, str, int, str, Any], DomainEvent]
"""Of position, stream, version, topic and envelope."""


class Fold:
    """The state of every stream so far. A stream that cannot be folded is named once and left alone then."""

    def __init__(self, event_of: EventOf, findings: Findings, snapshots: Snapshots) -> None:
        self._event_of = event_of
        self._snapshots = snapshots
        self._next = snapshots.next
        self._note = findings.note
        self._aggregates: dict[str, EventSourced] = {}
        self._stuck: set[str] = set()

    def add(self, record: Record, envelope: Any) -> None:
        """Fold one more event."""
        if record.stream in self._stuck:
            return
        position, _, _, stream, version, topic, *_ = record
        try:
            fold(self._aggregates, position, stream, self._event_of(position, stream, version, topic, envelope))
        except Refusal as refusal:
            self.give_up(record.stream)
            self._note(record.position, "event", "an event this version of orch knows", refusal.message)
        except Exception as error:  # noqa: BLE001  # what was written by nobody of ours may break any rule of a fold
            self.give_up(record.stream)
            self._note(record.position, "event", f"{record.topic} after what came before", repr(error))
        if not self._kept(position, stream):
            self._note(position, "snapshot", f"the heads as they were at {position}", "another state")

    def teller(self) -> Callable[[int, str, int, str, Any], bool]:
        """Return what folds one more event, of a row known to be as it has to be, and tells whether that can be done.

        It takes position, stream, version, topic and envelope.
        """
        event_of, aggregates = self._event_of, self._aggregates

        def told(position: int, stream: str, version: int, topic: str, envelope: Any) -> bool:
            try:
                event = event_of(position, stream, version, topic, envelope)
                aggregates[stream] = event.mutate(aggregates.get(stream))
            except Exception:  # noqa: BLE001  # what was written by nobody of ours may break any rule of a fold
                return False
            return not self._next or self._kept(position, stream)

        return told

    def _kept(self, position: int, stream: str) -> bool:
        """Tell whether the snapshot of this position, if one is kept, says what was folded."""
        if self._next:
            self._snapshots.touched(stream, position)
        if position != self._next:
            return True
        fits = bool(self._stuck) or self._snapshots.holds(self._aggregates)
        self._next = 0 if self._stuck else self._snapshots.next
        return fits

    def give_up(self, stream: str) -> None:
        """Leave a stream alone from here on: one of its events is not what it has to be."""
        self._stuck.add(stream)

    def facts_of(self, stream: str) -> dict[str, Any] | None:
        """Return the facts of a stream, or None where it was not folded, or not to its end."""
        aggregate = self._aggregates.get(stream)
        return aggregate.head() if aggregate is not None and stream not in self._stuck else None


def compare_heads(
    heads: Mapping[str, Head],
    last: Mapping[str, tuple[int, int]],
    facts_of: Callable[[str], dict[str, Any] | None],
    *,
    written: Callable[[Any], bytes],
    findings: Findings,
) -> None:
    """Compare heads with the last event of each stream and with the facts of a fresh fold."""
    for stream, (version, position) in last.items():
        head = heads.get(stream)
        if head is None:
            findings.note(position, "head", f"a head of {stream}", "none")
            continue
        if (head.version, head.position) != (version, position):
            found = f"version {head.version} at {head.position}"
            findings.note(position, "head", f"{stream} version {version} at {position}", found)
        facts = facts_of(stream)
        if facts is not None:
            expected, kept = written(facts), written(head.facts)
            if expected != kept:
                findings.note(
                    position, "head", f"{stream} {_from_difference(expected, kept)}", _difference(expected, kept)
                )
    for stream in heads.keys() - last.keys():
        findings.note(None, "head", "no head without events", stream)


def _from_difference(expected: bytes, found: bytes) -> str:
    return _difference(found, expected)


def _difference(one: bytes, other: bytes) -> str:
    """Return the part of the other text around the first byte that differs."""
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return "…" + other[max(0, at - 30) : at + 60].decode(errors="replace")

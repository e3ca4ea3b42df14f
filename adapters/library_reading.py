"""The log as the library's recorders read it: notifications whose ids are positions, and a subscription to more."""

from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Any, NoReturn
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    Notification,
    NotSupportedError,
    ProgrammingError,
    StoredEvent,
    Subscription,
)

from adapters.envelope import entry_of, envelope_in
from domain.event_log import EventLog, Record
from domain.following import Changes
from domain.merkle import leaf_hash
from domain.topics import TOPICS

BATCH = 500
SLICE_S = 0.25
"""So soon a subscription notices that it was stopped."""
LOOK_S = 5.0
"""So often it looks at the log although nothing was heard."""


class LogSubscription(Subscription["LogRecorder"]):
    """Yields what happened after a position, waits, and goes on with what happens; by itself, without a thread."""

    def __init__(self, recorder: "LogRecorder", gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder, gt, topics)
        self._changes = recorder.changes()
        self._found: Iterator[Notification] = iter(())

    def __next__(self) -> Notification:
        """Return the next notification, or wait for it."""
        while not self._has_been_stopped:
            found = next(self._found, None)
            if found is not None:
                return found
            self._read_on()
        self._changes.close()
        raise StopIteration

    def _read_on(self) -> None:
        """Read the next batch; where there is none, wait for word of it."""
        first = (self._last_notification_id or 0) + 1
        last = min(self._recorder.log.moment().position, first + BATCH - 1)
        if first <= last:
            self._found = iter(self._recorder.between(first, last, self._topics))
            self._last_notification_id = last  # also where none of them has a topic that is asked for
            return
        until = monotonic() + LOOK_S
        while not self._has_been_stopped and not self._changes.wait(SLICE_S) and monotonic() < until:
            pass


class LogRecorder(ApplicationRecorder):
    """The reading half of the library's recorder. It never writes: only commands do, through the port."""

    def __init__(self, log: EventLog, changes: Callable[[], Changes]) -> None:
        """`changes` makes what a subscription listens to."""
        self.log = log
        self.changes = changes

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return notifications from a position on."""
        first = 1 if start is None else max(start if inclusive_of_start else start + 1, 1)
        return self.between(first, stop, topics, limit=limit)

    def max_notification_id(self) -> int | None:
        """Return the last position, or None in an empty log."""
        return self.log.moment().position or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> LogSubscription:
        """Return what yields everything after a position, and goes on."""
        _refuse_unknown(topics)
        end = self.log.moment().position
        if gt is not None and gt > end:
            raise ProgrammingError(f"the view is at position {gt}, but the log ends at {end}: it is of another log")
        return LogSubscription(self, gt, topics)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return the events of one stream."""
        found = [
            notification_of(record)
            for record in self.log.stream(str(originator_id), after=gt or 0)
            if lte is None or record.version <= lte
        ]
        return (found[::-1] if desc else found)[:limit]

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> NoReturn:
        """Refuse: what happens is decided by the commands of `orch`, under the rules."""
        raise NotSupportedError("this reads the log; only commands write it")

    def between(
        self, first: int, last: int | None, topics: Sequence[str], *, limit: int | None = None
    ) -> list[Notification]:
        """Return the notifications of a stretch of the log, at most so many, of some topics or of all."""
        _refuse_unknown(topics)
        found: list[Notification] = []
        for record in self.log.records(first, last):
            if len(found) == limit:
                break
            if not topics or record.topic in topics:
                found.append(notification_of(record))
        return found


def notification_of(record: Record) -> Notification:
    """Return a record as the library's notification.

    Its id is the position; the originator's id is the name of the stream, a string such as `phase:st01-x`. The state
    is the entry of the tree (`position recorded_at clock`, LF, the envelope) and, where the event has free text that
    is still there, LF, its salt in hex, LF, the text: canonical JSON, in which there is no LF.
    """
    state = entry_of(record.position, record.recorded_at, record.clock, record.envelope)
    if record.salt is not None and record.payload is not None:
        state += b"\n%b\n%b" % (record.salt.hex().encode(), record.payload)
    return Notification(record.stream, record.version, record.topic, state, record.position)


def record_in(stored: StoredEvent) -> Record:
    """Return the record that a notification was made of."""
    line, envelope, *rest = stored.state.split(b"\n", 3)
    position, recorded_at, clock = map(int, line.split())
    salt, payload = (bytes.fromhex(rest[0].decode()), rest[1]) if rest else (None, None)
    return Record(
        position=position,
        recorded_at=recorded_at,
        clock=clock,
        stream=str(stored.originator_id),
        version=stored.originator_version,
        topic=stored.topic,
        command_id=envelope_in(envelope, position)["command_id"],
        envelope=envelope,
        salt=salt,
        payload=payload,
        leaf=leaf_hash(entry_of(position, recorded_at, clock, envelope)),
    )


def _refuse_unknown(topics: Sequence[str]) -> None:
    """Refuse to look for what can never be there: whoever misspells a topic would wait for ever."""
    unknown = [topic for topic in topics if topic not in TOPICS]
    if unknown:
        raise ProgrammingError(f"no event of this log has the topic {unknown[0]!r}; topics are such as 'phase.opened'")

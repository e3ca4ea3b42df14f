"""What all our aggregates share: the library's bookkeeping, restored from a head instead of a replay."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from eventsourcing.domain import BaseAggregate, OriginatorIDError, OriginatorVersionError

from domain.actors import Actor
from domain.events import DomainEvent
from domain.times import EPOCH


class EventSourced(BaseAggregate[str]):
    """An aggregate whose facts live in `state`: they are its head, and enough to decide the next command."""

    Event = DomainEvent
    if TYPE_CHECKING:  # at run time an annotation would make the library build a dataclass of us
        state: Any

    @classmethod
    def begin(cls, first: DomainEvent, state: Any) -> Self:
        """Return the aggregate that its first event starts."""
        return cls.restore(first.originator_id, first.originator_version, state, at=first.timestamp)

    @classmethod
    def restore(cls, stream: str, version: int, state: Any, *, at: datetime = EPOCH) -> Self:
        """Return the aggregate as it stood at a version. A head keeps no times, so `at` is unknown then."""
        aggregate = cls.__new__(cls)
        aggregate.__base_init__(stream, version, at)
        aggregate.state = state
        return aggregate

    @classmethod
    def start(cls, first: DomainEvent) -> Self:
        """Return a new aggregate with its first event pending."""
        aggregate: Self = first.mutate(None)
        aggregate.pending_events.append(first)
        return aggregate

    def changed_by(self, event: DomainEvent) -> Self:
        """Let the next event change the facts: what the library's `mutate` does, without its properties.

        Every replay goes through here. Raises what the library raises for an event of another place.
        """
        if event.originator_id != self._id:
            raise OriginatorIDError(event.originator_id, self._id)
        if event.originator_version != self._version + 1:
            raise OriginatorVersionError(event.originator_version, self._version + 1)
        event.apply(self)
        self._version = event.originator_version
        self._modified_on = event.timestamp
        return self

    def happen(self, event: type[DomainEvent], *, by: Actor, at: datetime, **facts: Any) -> None:
        """Let an event happen as the next version."""
        self.trigger_event(event, by=by, timestamp=at, **facts)

    def decided(self) -> Sequence[DomainEvent]:
        """Hand over the pending events."""
        return self.collect_events()  # type: ignore[return-value]  # `happen` takes only our events

    def head(self) -> dict[str, Any]:
        """Return the facts that `restore` needs, JSON-able."""
        facts: dict[str, Any] = self.state.to_facts()
        return facts

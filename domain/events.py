"""What every domain event says: which stream, which version, when and by whom."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from eventsourcing.domain import CanMutateAggregate, MetaDomainEvent

from domain.actors import Actor


@dataclass(frozen=True)
class DomainEvent(CanMutateAggregate[str], metaclass=MetaDomainEvent):
    """An immutable statement in the past tense.

    `TOPIC` is its stored name, for ever. `PAYLOAD` names the fields that hold free text: they are stored apart,
    can be erased, and are None once they are. All other fields are facts and stay.
    """

    TOPIC: ClassVar[str]
    PAYLOAD: ClassVar[tuple[str, ...]] = ()

    originator_id: str
    originator_version: int
    timestamp: datetime
    """When the actor says it happened; the log records its own time."""
    by: Actor

    def mutate(self, aggregate: Any) -> Any:
        """Change the aggregate, of which this has to be the next event."""
        assert aggregate is not None
        return aggregate.changed_by(self)

"""What every domain event says: which stream, which version, when and by whom."""

from datetime import datetime
from typing import Any, ClassVar, NoReturn, Self, dataclass_transform

from eventsourcing.domain import CanMutateAggregate

from domain.actors import Actor


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Statement(CanMutateAggregate[str]):
    """What is said once and never changes. Its fields are the annotations of its class.

    A dataclass in all but this: it has no methods of its own that Python would have to write and compile whenever it
    starts. For all our events together those took as long as Python itself does.
    """

    FIELDS: ClassVar[tuple[str, ...]] = ()
    DEFAULTS: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = [name for name in cls.__annotations__ if not name.isupper()]  # names in capitals belong to the class
        cls.FIELDS += tuple(own)
        cls.DEFAULTS = cls.DEFAULTS | {name: vars(cls)[name] for name in own if name in vars(cls)}

    def __init__(self, **values: Any) -> None:
        fields = self.__dict__
        fields.update(self.DEFAULTS)
        fields.update(values)
        if fields.keys() != {*self.FIELDS}:
            wrong = ", ".join(sorted(fields.keys() ^ self.FIELDS))
            raise TypeError(f"{type(self).__name__} lacks, or does not know: {wrong}")

    def __setattr__(self, name: str, _: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} happened as it is; nothing changes its {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} happened as it is; nothing takes its {name} away")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # some hold tables, which have no hash either

    def but(self, **values: Any) -> Self:
        """Return the same event with some fields saying something else."""
        return type(self)(**{**vars(self), **values})

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


class DomainEvent(Statement):
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

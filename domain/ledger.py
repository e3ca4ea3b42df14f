"""What happens to the log itself: which keys speak for it."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from domain.actors import Actor
from domain.aggregates import EventSourced
from domain.errors import Damaged, ReasonMissing
from domain.events import DomainEvent

STREAM = "ledger"


class LedgerState(NamedTuple):
    """The head of the ledger's stream. It begins with the first rotation; until then the project's key speaks."""

    public_key: str
    """The verifier key in force."""
    replaced: tuple[str, ...]
    """The keys before it, the oldest first."""
    rotated: int
    """The event that put the key in force."""

    def to_facts(self) -> dict[str, Any]:
        """Return the state as JSON-able values."""
        return {"public_key": self.public_key, "replaced": list(self.replaced), "rotated": self.rotated}

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> "LedgerState":
        """Return the state that `to_facts` described. Raises `Damaged` for anything else."""
        try:
            return cls(facts["public_key"], tuple(facts["replaced"]), facts["rotated"])
        except (KeyError, TypeError) as error:
            raise Damaged(f"The head of the ledger does not say what it is: {error!r}.") from None


@dataclass(frozen=True)
class KeyRotated(DomainEvent):
    """Another key speaks for the log from now on."""

    TOPIC: ClassVar[str] = "ledger.key_rotated"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    public_key: str
    """The new verifier key, C2SP signed-note: `name+hash+base64`."""
    replaces: str
    reason: str | None

    def mutate(self, aggregate: Any) -> Any:
        if aggregate is None:
            return Ledger.begin(self, LedgerState(self.public_key, (self.replaces,), self.originator_version))
        return super().mutate(aggregate)

    def apply(self, aggregate: "Ledger") -> None:
        replaced = (*aggregate.state.replaced, self.replaces)
        aggregate.state = LedgerState(self.public_key, replaced, self.originator_version)


class Ledger(EventSourced):
    """The log as a thing that has keys."""

    if TYPE_CHECKING:
        state: LedgerState

    @classmethod
    def rotated_first(cls, public_key: str, *, replaces: str, reason: str, by: Actor, at: datetime) -> Self:
        """Replace the key that the project began with."""
        _refuse_without(reason)
        return cls.start(
            KeyRotated(
                originator_id=STREAM,
                originator_version=1,
                timestamp=at,
                by=by,
                public_key=public_key,
                replaces=replaces,
                reason=reason,
            )
        )

    def rotate(self, public_key: str, *, reason: str, by: Actor, at: datetime) -> None:
        """Replace the key in force."""
        _refuse_without(reason)
        self.happen(KeyRotated, public_key=public_key, replaces=self.state.public_key, reason=reason, by=by, at=at)


def _refuse_without(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing("Replacing the key", command="audit key rotate", example="why the key is replaced")

"""What can happen to the log itself, and what each happening changes.

`apply` runs again on every replay: it changes facts and never judges.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from domain.events import DomainEvent
from domain.ledger_state import LedgerState
from domain.lineage import Fork

if TYPE_CHECKING:
    from domain.ledger import Ledger


class LedgerEvent(DomainEvent):
    """Any of these may be the first: the ledger begins with whatever happens to it first."""

    def mutate(self, aggregate: Any) -> Any:
        if aggregate is None:
            from domain.ledger import Ledger

            return Ledger.begin(self, self.change(LedgerState()))
        return super().mutate(aggregate)

    def apply(self, aggregate: "Ledger") -> None:
        aggregate.state = self.change(aggregate.state)

    def change(self, state: LedgerState) -> LedgerState:
        """Return the facts after this event; most events leave them as they are."""
        return state


class KeyRotated(LedgerEvent):
    """Another key speaks for the log from now on."""

    TOPIC: ClassVar[str] = "ledger.key_rotated"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    public_key: str
    """The new verifier key, C2SP signed-note: `name+hash+base64`."""
    replaces: str
    reason: str | None

    def change(self, state: LedgerState) -> LedgerState:
        replaced = (*state.replaced, self.replaces)
        return state._replace(public_key=self.public_key, replaced=replaced, rotated=self.originator_version)


class PayloadRedacted(LedgerEvent):
    """The free text of an earlier event is erased. Its envelope stays, and so does every proof."""

    TOPIC: ClassVar[str] = "ledger.payload_redacted"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    position: int
    """The event whose free text goes; `stream` and `version` name the same event."""
    stream: str
    version: int
    reason: str | None


class Reviewed(LedgerEvent):
    """An auditor has looked at a range of the log."""

    TOPIC: ClassVar[str] = "ledger.reviewed"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("comments",)
    first: int
    last: int
    root: str
    """Hex RFC 6962 root of the tree over positions 1 to `last`: it says which log was looked at."""
    comments: str | None


class AlertKind(StrEnum):
    """What the service counts of what it refuses."""

    INVALID_INPUTS = "invalid_inputs"
    SCHEMA_VIOLATIONS = "schema_violations"
    UNAUTHORISED_ACCESS = "unauthorised_access"


class Alerted(LedgerEvent):
    """The service refused requests of one kind more often than it lets pass in silence."""

    TOPIC: ClassVar[str] = "ledger.alerted"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("sources",)
    kind: AlertKind
    count: int
    """How many came since the last alert of this kind, or within the seconds."""
    threshold: int
    seconds: int
    sources: str | None
    """The addresses and tokens that most of them came from."""


class RecoverySource(StrEnum):
    """What a recovery took its events from."""

    STORE = "store"
    BACKUP = "backup"
    SALVAGE = "salvage"
    """What was left of a damaged store, and backups for the rest."""


class Forked(LedgerEvent):
    """From here on this is another log: it shares a beginning with its parent, and has a name and a key of its own."""

    TOPIC: ClassVar[str] = "ledger.forked"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    origin: str
    """The new log's name; the envelopes from this one on carry it."""
    parent: str
    """The name of the log that is left."""
    size: int
    """How many events both share; this is the next position."""
    root: str
    """Hex RFC 6962 root of the tree over them."""
    parent_size: int
    """How many events the parent had, as far as was known: those after `size` are abandoned."""
    checkpoint: str | None
    """The parent's latest signed checkpoint, where one was kept."""
    public_key: str
    """The verifier key of the new log."""
    replaces: str
    """The verifier key that spoke for the parent."""
    reason: str | None

    def change(self, state: LedgerState) -> LedgerState:
        fork = Fork(self.parent, self.size, self.origin, self.parent_size)
        replaced = (*state.replaced, self.replaces)
        return LedgerState(self.public_key, replaced, self.originator_version, (*state.forks, fork))


class Recovered(LedgerEvent):
    """The project went back to an earlier moment, or got its log back from what was kept of it."""

    TOPIC: ClassVar[str] = "ledger.recovered"
    PAYLOAD: ClassVar[tuple[str, ...]] = ("reason",)
    position: int
    """The last event that was recovered."""
    source: RecoverySource
    reason: str | None

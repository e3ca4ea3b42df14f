"""Whose backups there are: the names of a log, and the keys that have signed for it."""

from typing import TYPE_CHECKING, NamedTuple

from domain.event_log import EventLog
from domain.lineage import Lineage
from projections.log_keys import lineage_of, log_keys

if TYPE_CHECKING:
    from adapters.backup_storage import Storage


class Signed(NamedTuple):
    """What a log is called, was called before it was forked, and is signed by."""

    origin: str
    lineage: Lineage
    keys: tuple[str, ...]
    """The verifier keys that have spoken for it."""

    def keys_for(self, storage: "Storage") -> tuple[str, ...]:
        """Return the keys that backups have to be signed with: ours, where they are of our log; else none is known.

        A log that was left is known by the keys it had.
        """
        from adapters.backup_target import origin_in

        return self.keys if origin_in(storage) in {self.origin, *self.lineage.names} else ()


def signed_by(log: EventLog) -> Signed:
    """Return what a log says of itself. Raises `LookupError` where it holds no project."""
    heads = log.heads(["project", "ledger"])[1]
    keys = log_keys(heads["project"], heads.get("ledger"))
    return Signed(log.origin, lineage_of(heads["project"], heads.get("ledger")), (keys.current, *keys.replaced))

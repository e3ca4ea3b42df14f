"""What a store keeps about itself, and which of it ends its life as a log that goes on."""

from collections.abc import Mapping

from domain.errors import StoreRecovered, StoreRetired

RECOVERED = "recovered"
"""The note of a store that was made from another log and not promoted: two logs would go on under one name."""
CARRIED = "carried_redactions"
"""The note of redactions that a store obeys although they were recorded after its last event, as JSON."""
RETIRED = "retired"
"""The note of a store that was left for a promoted one."""


def refuse_ended(store: object, notes: Mapping[str, str], *, promotes: bool = False) -> None:
    """Refuse to go on with a store that is for reading only: to write into it, or to sign for it."""
    if RECOVERED in notes and not promotes:
        raise StoreRecovered(str(store))
    if RETIRED in notes:
        raise StoreRetired(str(store), left_for=notes[RETIRED])

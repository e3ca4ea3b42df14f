"""What a recovered store says about where it comes from, and the digest of its state."""

from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple, Self

from orjson import JSONDecodeError, dumps, loads

from adapters.envelope import canonical
from adapters.log_notes import CARRIED, RECOVERED
from adapters.stores import AnyLog
from domain.errors import Damaged
from domain.event_log import EventLog, Head
from domain.ledger import STREAM as LEDGER
from domain.lineage import Lineage
from domain.project import STREAM as PROJECT
from projections.log_keys import lineage_of

FOLDER = "recovered"
"""The folder, in that of the store, where a service makes recovered ones."""
NO_REDACTION = 0
"""Stands for the redaction of texts that were not erased but lost: the store they were salvaged from was damaged."""


class Recovered(NamedTuple):
    """Where a recovered store comes from."""

    source: str
    """`store`, `backup` or `salvage`."""
    where: str
    origin: str
    """The log that was read, which may have been forked from others before."""
    size: int
    """How many events it had, as far as was known."""
    to: str
    """The words that named the moment."""

    def notes(self, carried: Mapping[int, int], more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the notes of the store, with more of them: this, and the redactions it obeys but does not hold."""
        notes = {**(more or {}), RECOVERED: dumps(self._asdict()).decode()}
        if carried:
            notes[CARRIED] = dumps({str(gone): by for gone, by in carried.items()}).decode()
        return notes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read it back. Raises `Damaged`."""
        try:
            return cls(**loads(text))
        except (JSONDecodeError, TypeError) as error:
            raise Damaged(f"The store does not say where it comes from: {error}.") from None


def recovered_note(log: AnyLog) -> Recovered | None:
    """Return what a store says about where it comes from, or None for one that is nobody's recovery."""
    text = log.notes().get(RECOVERED)
    return None if text is None else Recovered.parse(text)


def lineage_in(log: EventLog) -> Lineage:
    """Return the names that a log has had, as its heads know them."""
    heads = log.heads([PROJECT, LEDGER])[1]
    return lineage_of(heads[PROJECT], heads.get(LEDGER)) if PROJECT in heads else Lineage(log.origin)


def carried_by(log: EventLog) -> dict[int, int]:
    """Return the redactions a store obeys but does not hold: position whose text is gone → position that said so."""
    try:
        found = loads(log.notes().get(CARRIED, "{}"))
        return {int(position): int(said_at) for position, said_at in found.items()}
    except (JSONDecodeError, TypeError, ValueError, AttributeError) as error:
        raise Damaged(f"The store does not say which redactions it carries: {error}.") from None


def state_digest(heads: Mapping[str, Head]) -> str:
    """Return the SHA-256 of a state: every head as a line of canonical JSON, ordered by stream.

    Equal digests are equal facts of every stream at equal versions and positions.
    """
    digest = sha256()
    for _, head in sorted(heads.items()):
        digest.update(canonical(list(head)) + b"\n")
    return f"sha256:{digest.hexdigest()}"

"""What a recovered store says about where it comes from, and the digest of its state."""

from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple, Self

from orjson import JSONDecodeError, dumps, loads

from adapters.envelope import canonical
from adapters.sqlite_log import RECOVERED, SqliteLog
from domain.errors import Damaged
from domain.event_log import Head


class Recovered(NamedTuple):
    """Where a recovered store comes from."""

    source: str
    """`store` or `backups`."""
    where: str
    origin: str
    """The log that was read, which may have been forked from others before."""
    size: int
    """How many events it had, as far as was known."""
    to: str
    """The words that named the moment."""
    redacted_later: tuple[int, ...] = ()
    """Positions whose texts are gone because of redactions that were recorded after the moment."""

    def text(self) -> str:
        """Return it as the store keeps it."""
        return dumps(self._asdict()).decode()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read it back. Raises `Damaged`."""
        try:
            values = loads(text)
            return cls(**values | {"redacted_later": tuple(values["redacted_later"])})
        except (JSONDecodeError, TypeError, KeyError) as error:
            raise Damaged(f"The store does not say where it comes from: {error}.") from None


def recovered_note(log: SqliteLog) -> Recovered | None:
    """Return what a store says about where it comes from, or None for one that is nobody's recovery."""
    text = log.notes().get(RECOVERED)
    return None if text is None else Recovered.parse(text)


def state_digest(heads: Mapping[str, Head]) -> str:
    """Return the SHA-256 of a state: every head as a line of canonical JSON, ordered by stream.

    Equal digests are equal facts of every stream at equal versions and positions.
    """
    digest = sha256()
    for _, head in sorted(heads.items()):
        digest.update(canonical(list(head)) + b"\n")
    return f"sha256:{digest.hexdigest()}"

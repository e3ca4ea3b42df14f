"""What a store keeps about itself, and which of it ends its life as a log that goes on."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self

import orjson

from adapters.places import SOME_DATABASE
from domain.errors import Damaged, StoreMoved, StoreRecovered, StoreRetired, StoreUnsettled

RECOVERED = "recovered"
"""The note of a store that was made from another log and not promoted: two logs would go on under one name."""
CARRIED = "carried_redactions"
"""The note of redactions that a store obeys although they were recorded after its last event, as JSON."""
RETIRED = "retired"
"""The note of a store that was left for a promoted one: its origin."""
LEFT_TO = "left_to"
"""The note of a store in a database that was left: the address of the promoted one, no password in it."""
PROMOTED = "promoted"
"""The note of a store that was promoted: which place it came from."""
UNSETTLED = "unsettled"
"""The note of a store that is being made: by which move, or which command. It is replaced by whoever begins again."""
BROUGHT_BY = "brought_by"
"""The note of a store that a move has made: by which one."""
MOVED = "moved"
"""The note of a store whose log goes on elsewhere, as `Move` writes it."""


class Move(NamedTuple):
    """One move of a log from one place to another."""

    id: str
    to: str
    """Where to, as people are told: no password in it."""
    fix: str
    """What leads a command there."""

    def text(self) -> str:
        """Return it as a store keeps it."""
        return orjson.dumps(self._asdict()).decode()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read it back. Raises `Damaged`."""
        try:
            return cls(**{key: str(value) for key, value in orjson.loads(text).items()})
        except (orjson.JSONDecodeError, TypeError, AttributeError) as error:
            raise Damaged(f"The store does not say where its log went: {error}.") from None


def refuse_ended(store: object, notes: Mapping[str, str], *, promotes: bool = False, words: str | None = None) -> None:
    """Refuse to go on with a store that is for reading only: to write into it, or to sign for it.

    `words` name it in a command, where that is not how people are told of it.
    """
    refuse_elsewhere(store, notes)
    if RECOVERED in notes and not promotes:
        raise StoreRecovered(str(store), words=words or str(store))
    if RETIRED in notes:
        from adapters.settings import to_paste  # earlier versions kept a masked password

        nowhere = None if isinstance(store, Path) else SOME_DATABASE  # a server names no path, and may say no more
        to = to_paste(notes[LEFT_TO]) if LEFT_TO in notes else nowhere
        raise StoreRetired(str(store), left_for=notes[RETIRED], to=to)


def refuse_elsewhere(store: object, notes: Mapping[str, str]) -> None:
    """Refuse to take a store for the project's log when that goes on elsewhere, or is not here yet."""
    if UNSETTLED in notes:
        raise StoreUnsettled(str(store), by=notes[UNSETTLED])
    if MOVED in notes:
        from shlex import quote  # it is a path that no setting names: in quotes it is seen where it ends

        move = Move.parse(notes[MOVED])
        to = quote(move.to) if move.to.startswith("/") else move.to
        raise StoreMoved(str(store), to=to, fix=move.fix)

"""Rows of the log as JSON carries them from a service to whoever reads it, to the byte."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from adapters.log_rows import Row
from domain.actors import Actor, ActorKind
from domain.errors import Damaged
from domain.event_log import Record, Told

READS = 1
"""The version of these forms; a client that knows no such version does not guess."""
EVENT = Record._fields
"""The columns of an event, in their order."""
HEADS = ("stream", "version", "position", "facts")
"""The columns of a head."""
TEXTS = frozenset(("envelope", "payload", "facts"))
"""Columns of bytes that are UTF-8 as a rule, and then travel as text: it packs well, and people can read it."""
HASHES = frozenset(("salt", "leaf"))
"""Columns of bytes that never are."""

Wire = list[Any]


def text_of(raw: bytes | None) -> Any:
    """Return bytes as JSON carries them: text, or base64 where they are none."""
    if raw is None:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(raw).decode()}


def bytes_of(value: Any) -> bytes | None:
    """Return them to the byte."""
    if value is None or isinstance(value, str):
        return None if value is None else value.encode()
    return b64decode(value["base64"], validate=True)


def base64_of(raw: bytes | None) -> str | None:
    """Return bytes that are no text."""
    return None if raw is None else b64encode(raw).decode()


def hash_of(value: Any) -> bytes | None:
    """Return them back."""
    return None if value is None else b64decode(value, validate=True)


def wired(rows: Iterable[Row], columns: Sequence[str]) -> list[Wire]:
    """Return rows of some columns as JSON carries them."""
    return _each(rows, columns, text_of, base64_of)


def unwired(rows: Iterable[Wire], columns: Sequence[str]) -> list[Row]:
    """Return what was sent as rows. Raises `Damaged` for what nobody of ours has sent."""
    try:
        return [tuple(row) for row in _each(rows, columns, bytes_of, hash_of)]
    except (ValueError, TypeError, KeyError) as error:
        raise Damaged(f"The service sent a row of the log that cannot be read: {error}.") from None


def _each(
    rows: Iterable[Sequence[Any]], columns: Sequence[str], text: Callable[[Any], Any], plain: Callable[[Any], Any]
) -> list[Wire]:
    how = [text if name in TEXTS else plain if name in HASHES else None for name in columns]
    return [[turn(value) if turn else value for turn, value in zip(how, row, strict=True)] for row in rows]


def wired_told(place: tuple[str, int], told: Told) -> Wire:
    """Return what an event says, beside the place where it stands."""
    return [*place, *told[:5], [told.by.name, told.by.kind], *told[6:]]


def unwired_told(row: Wire) -> tuple[tuple[str, int], Told]:
    """Return it back."""
    try:
        stream, version, position, recorded_at, clock, topic, command_id, (name, kind), *said = row
        told = Told(position, recorded_at, clock, topic, command_id, Actor(name, ActorKind(kind)), *said)
    except (ValueError, TypeError) as error:
        raise Damaged(f"The service sent an event that cannot be read: {error}.") from None
    return (stream, version), told

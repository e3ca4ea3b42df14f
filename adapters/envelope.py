"""The stored form of an event as readers need it: open the envelope, look at the payload, tell what it says."""

from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from domain.actors import Actor, ActorKind
from domain.errors import Damaged, UnknownEvent
from domain.event_log import Record, Told
from domain.merkle import leaf_hash

VERSION = 1
COLUMNS = ("stream", "version", "topic", "command_id")
"""What a row of the log repeats from its envelope, to be found by."""

COLUMNS_SET = frozenset(COLUMNS)
CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER


class Prepared(NamedTuple):
    """An event ready to be stored; only position and time are missing."""

    stream: str
    version: int
    topic: str
    envelope: bytes
    salt: bytes | None
    payload: bytes | None


def canonical(value: Any) -> bytes:
    """Return canonical JSON: UTF-8, sorted keys, no white space. Raises TypeError for what JSON cannot hold."""
    return orjson.dumps(value, option=CANONICAL)


def is_canonical(raw: bytes) -> bool:
    """Tell whether JSON is written in canonical form. Raises `orjson.JSONDecodeError` for what is no JSON."""
    return orjson.dumps(orjson.loads(raw), option=CANONICAL) == raw


def commitment(salt: bytes, payload: bytes) -> str:
    """Return the hex SHA-256(salt ‖ payload) by which an envelope commits to its payload."""
    return sha256(salt + payload).hexdigest()


def entry_of(position: int, recorded_at: int, clock: int, envelope: bytes) -> bytes:
    """Return the bytes that the tree holds for an event: the line of the store, then the envelope."""
    return b"%d %d %d\n" % (position, recorded_at, clock) + envelope


def leaf_of(record: Record) -> bytes:
    """Return the leaf that a row has to have, hashed anew."""
    return leaf_hash(entry_of(record.position, record.recorded_at, record.clock, record.envelope))


def envelope_of(record: Record) -> dict[str, Any]:
    """Return the envelope of a row as a dict. Raises as `envelope_in`, and where the columns say something else."""
    envelope = envelope_in(record.envelope, record.position)
    columns = tuple(envelope[name] for name in COLUMNS)
    if columns != (record.stream, record.version, record.topic, record.command_id):
        raise Damaged(f"The columns at position {record.position} contradict the envelope beside them.")
    return envelope


def envelope_in(raw: bytes, position: int) -> dict[str, Any]:
    """Return an envelope as a dict. Raises `UnknownEvent` for a newer version, `Damaged` for what is none."""
    try:
        envelope: dict[str, Any] = orjson.loads(raw)
        version = envelope["v"]
        lacking = COLUMNS_SET - envelope.keys() if version == VERSION else ()
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise Damaged(f"The envelope at position {position} cannot be read: {error}.") from None
    if version != VERSION:
        raise UnknownEvent(
            f"Position {position} was written by a newer version of orch (envelope version {version}).",
            fix=("orch version",),
        )
    if lacking:
        raise Damaged(f"The envelope at position {position} cannot be read: it has no {min(lacking)}.")
    return envelope


def payload_of(record: Record, envelope: dict[str, Any]) -> dict[str, Any] | None:
    """Return the free text of an event, or None where there is none or it was erased.

    A text that the envelope does not commit to is nobody's word: it raises `Damaged` and is never shown.
    """
    if record.payload is None:
        return None
    commits = envelope.get("payload")
    if commits is None:
        raise Damaged(f"Position {record.position} holds a payload that its envelope does not know.")
    if record.salt is None or commits["sha256"] != commitment(record.salt, record.payload):
        raise Damaged(f"The text at position {record.position} is not the one that was recorded.")
    try:
        payload: dict[str, Any] = orjson.loads(record.payload)
    except orjson.JSONDecodeError as error:
        raise Damaged(f"The payload at position {record.position} cannot be read: {error}.") from None
    return payload


def is_erased(record: Record, envelope: dict[str, Any]) -> bool:
    """Tell whether the event had free text that is gone."""
    return record.payload is None and envelope.get("payload") is not None


def told(record: Record) -> Told:
    """Return what an event says, for readers that need no event class."""
    envelope = envelope_of(record)
    try:
        return Told(
            position=record.position,
            recorded_at=record.recorded_at,
            clock=record.clock,
            topic=record.topic,
            command_id=record.command_id,
            by=Actor(envelope["actor"]["id"], ActorKind(envelope["actor"]["kind"])),
            facts=envelope["facts"],
            texts=payload_of(record, envelope),
            erased=is_erased(record, envelope),
            occurred_at=envelope["occurred_at"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(f"The envelope at position {record.position} lacks or garbles {error}.") from None

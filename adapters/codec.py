"""Domain events to stored bytes and back: a closed registry, strict both ways."""

from dataclasses import MISSING, fields
from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache
from types import NoneType, UnionType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from adapters.envelope import VERSION, Prepared, canonical, commitment, envelope_of, payload_of
from domain.actors import Actor, ActorKind
from domain.errors import Damaged, InvalidInput, UnknownEvent
from domain.event_log import Record
from domain.events import DomainEvent
from domain.times import microseconds, rfc3339
from domain.topics import TOPICS

OUTSIDE_FACTS = frozenset(("originator_id", "originator_version", "timestamp", "by"))
MOST_ENVELOPE = 65_000
"""So that an entry, with the line of the store before it, stays within 65,535 bytes (C2SP tlog-tiles)."""
MOST_PAYLOAD = 16 * 1024 * 1024


class Shape(NamedTuple):
    """What an event class keeps where."""

    facts: tuple[str, ...]
    payload: tuple[str, ...]
    known: frozenset[str]
    texts: frozenset[str]
    erased: dict[str, None]
    defaults: dict[str, Any]
    hints: dict[str, Any]


def encode(
    event: DomainEvent, *, origin: str, command_id: str, causation: str | None, correlation: str | None, salt: bytes
) -> Prepared:
    """Return the stored form of an event. `salt` is 32 random bytes; it is dropped when there is no free text."""
    shape = _shape(type(event))
    values = vars(event)
    payload = None
    commits = None
    if shape.payload:
        payload = _text({name: values[name] for name in shape.payload})
        if len(payload) > MOST_PAYLOAD:
            raise InvalidInput(f"The text is larger than {MOST_PAYLOAD // 1024 // 1024} MiB.")
        commits = {"sha256": commitment(salt, payload), "size": len(payload)}
    envelope = _text(
        {
            "actor": {"id": event.by.name, "kind": event.by.kind},
            "causation": causation,
            "command_id": command_id,
            "correlation": correlation,
            "facts": {name: values[name] for name in shape.facts},
            "occurred_at": rfc3339(microseconds(event.timestamp)),
            "origin": origin,
            "payload": commits,
            "stream": event.originator_id,
            "topic": event.TOPIC,
            "v": VERSION,
            "version": event.originator_version,
        }
    )
    if len(envelope) > MOST_ENVELOPE:
        raise InvalidInput(f"The facts of {event.TOPIC} are larger than {MOST_ENVELOPE} bytes.")
    return Prepared(
        event.originator_id, event.originator_version, event.TOPIC, envelope, salt if payload else None, payload
    )


def decode(record: Record) -> DomainEvent:
    """Return the event a record holds; its payload fields are None once erased.

    Raises `UnknownEvent` for a topic or a fact this version does not know, `Damaged` for what contradicts itself.
    """
    event_class = _class_of(record)
    envelope = envelope_of(record)
    try:
        texts = payload_of(record, envelope)
    except (KeyError, TypeError) as error:
        raise Damaged(f"The envelope at position {record.position} lacks or garbles {error}.") from None
    return _made(event_class, record, envelope, texts)


def event_without_texts(record: Record, envelope: dict[str, Any]) -> DomainEvent:
    """Return the event of an opened envelope as if its free text were erased, which no fold minds."""
    return _made(_class_of(record), record, envelope, None)


def _class_of(record: Record) -> type[DomainEvent]:
    event_class = TOPICS.get(record.topic)
    if event_class is None:
        raise UnknownEvent(
            f"Position {record.position} holds {record.topic[:80]!r}, which this version of orch does not know.",
            fix=("orch version",),
        )
    return event_class


def _made(
    event_class: type[DomainEvent], record: Record, envelope: dict[str, Any], texts: dict[str, Any] | None
) -> DomainEvent:
    shape = _shape(event_class)
    try:
        facts = envelope["facts"]
        if not facts.keys() <= shape.known or (texts and not texts.keys() <= shape.texts):
            unknown = facts.keys() - shape.facts | (texts or {}).keys() - shape.payload
            raise UnknownEvent(
                f"Position {record.position} was written by a newer version of orch: {record.topic} has"
                f" {', '.join(sorted(unknown))}.",
                fix=("orch version",),
            )
        values = {name: _value(facts[name], shape.hints[name]) for name in shape.facts if _has(name, facts, shape)}
        if texts is None:
            values.update(shape.erased)
        else:
            values.update({n: _value(texts[n], shape.hints[n]) for n in shape.payload if _has(n, texts, shape)})
        actor = envelope["actor"]
        values["originator_id"] = record.stream
        values["originator_version"] = record.version
        values["timestamp"] = _time(envelope["occurred_at"])
        values["by"] = _actor(actor["id"], actor["kind"])
        event = event_class.__new__(event_class)
        event.__dict__.update(shape.defaults, **values)  # half the time of the constructor of a frozen dataclass
        return event
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Damaged(f"Position {record.position} does not hold a {record.topic}: {error}.") from None


@lru_cache(maxsize=256)
def _actor(name: str, kind: str) -> Actor:
    return Actor(name, ActorKind(kind))


@lru_cache(maxsize=256)  # the events of a command share theirs
def _time(found: str) -> datetime:
    """Return the time that is written so, and in no other way."""
    at = datetime.fromisoformat(found)
    if rfc3339(microseconds(at)) != found:
        raise ValueError(f"{found!r} is no time as envelopes write it")
    return at


def _text(value: dict[str, Any]) -> bytes:
    try:
        return canonical(value)
    except TypeError as error:  # orjson: a lone surrogate, an integer beyond 64 bits, a type that is not JSON
        raise InvalidInput(f"That cannot be recorded: {error}.") from None


def _has(name: str, stored: dict[str, Any], shape: Shape) -> bool:
    """A field that is missing takes its default; without one the event is not what it says."""
    if name in stored:
        return True
    if name in shape.defaults:
        return False
    raise ValueError(f"{name} is missing")


@cache
def _shape(event_class: type[DomainEvent]) -> Shape:
    stored = [field for field in fields(event_class) if field.name not in OUTSIDE_FACTS]
    facts = tuple(field.name for field in stored if field.name not in event_class.PAYLOAD)
    return Shape(
        facts=facts,
        payload=event_class.PAYLOAD,
        known=frozenset(facts),
        texts=frozenset(event_class.PAYLOAD),
        erased=dict.fromkeys(event_class.PAYLOAD),
        defaults={field.name: field.default for field in stored if field.default is not MISSING},
        hints=get_type_hints(event_class),
    )


def _value(found: Any, hint: Any) -> Any:
    """Return a JSON value as the type a field declares, or raise ValueError."""
    if isinstance(hint, UnionType):
        if found is None and NoneType in get_args(hint):
            return None
        (inner,) = (kind for kind in get_args(hint) if kind is not NoneType)
        return _value(found, inner)
    if get_origin(hint) is tuple:
        return tuple(_value(item, get_args(hint)[0]) for item in _checked(found, list))
    if get_origin(hint) is dict:
        return _checked(found, dict)
    if issubclass(hint, StrEnum):
        return hint(_checked(found, str))
    return _checked(found, hint)


def _checked(found: Any, kind: type) -> Any:
    if type(found) is not kind:  # exactly: a bool is an int to Python, but not to us
        raise ValueError(f"{found!r} is no {kind.__name__}")
    return found

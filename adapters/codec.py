"""Domain events to stored bytes and back: a closed registry, strict both ways."""

import re
from collections.abc import Callable, KeysView
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from adapters.envelope import VERSION, Prepared, canonical, commitment, envelope_of, payload_of
from domain.actors import Actor, ActorKind
from domain.errors import Damaged, InvalidInput, UnknownEvent
from domain.event_log import Record
from domain.events import DomainEvent
from domain.times import microseconds, rfc3339
from domain.topics import TOPICS

Reader = Callable[[Any], Any]
"""Returns a JSON value as the type that a field declares, or raises ValueError."""
WRITTEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
"""A time as `rfc3339` gives it."""
OUTSIDE_FACTS = frozenset(("originator_id", "originator_version", "timestamp", "by"))
MOST_ENVELOPE = 65_000
"""So that an entry, with the line of the store before it, stays within 65,535 bytes (C2SP tlog-tiles)."""
MOST_PAYLOAD = 16 * 1024 * 1024


_new = object.__new__


class Shape(NamedTuple):
    """What an event class keeps where, and how each of its fields is read."""

    event_class: type[DomainEvent]
    facts: dict[str, Reader]
    known: KeysView[str]
    """The names of the facts."""
    texts: dict[str, Reader]
    defaults: dict[str, Any]
    erased: dict[str, Any]
    """The defaults, and None for every text."""


def encode(
    event: DomainEvent, *, origin: str, command_id: str, causation: str | None, correlation: str | None, salt: bytes
) -> Prepared:
    """Return the stored form of an event. `salt` is 32 random bytes; it is dropped when there is no free text."""
    shape = SHAPES[event.TOPIC]
    usual = shape.defaults  # not written: a field that came later leaves the bytes of earlier events as they were
    values = vars(event)
    payload = None
    commits = None
    if shape.texts:
        payload = _text({name: values[name] for name in shape.texts})
        if len(payload) > MOST_PAYLOAD:
            raise InvalidInput(f"The text is larger than {MOST_PAYLOAD // 1024 // 1024} MiB.")
        commits = {"sha256": commitment(salt, payload), "size": len(payload)}
    envelope = _text(
        {
            "actor": {"id": event.by.name, "kind": event.by.kind},
            "causation": causation,
            "command_id": command_id,
            "correlation": correlation,
            "facts": {name: values[name] for name in shape.facts if name not in usual or values[name] != usual[name]},
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
    if record.topic not in TOPICS:
        raise _unknown(record.topic, record.position)
    envelope = envelope_of(record)
    try:
        texts = payload_of(record, envelope)
    except (KeyError, TypeError) as error:
        raise Damaged(f"The envelope at position {record.position} lacks or garbles {error}.") from None
    return event_of(record.position, record.stream, record.version, record.topic, envelope, texts)


def event_of(
    position: int,
    stream: str,
    version: int,
    topic: str,
    envelope: dict[str, Any],
    texts: dict[str, Any] | None = None,
) -> DomainEvent:
    """Return the event of an opened envelope. Without texts it is as if they were erased, which no fold minds.

    Every replay goes through here, so each call that is saved counts. Raises as `decode` does.
    """
    try:
        event_class, facts_of, known, texts_of, defaults, erased = SHAPES[topic]
    except KeyError:
        raise _unknown(topic, position) from None
    event = _new(event_class)
    values = event.__dict__  # filled here without looking again at what is checked below
    try:
        facts = envelope["facts"]
        if not facts.keys() <= known or (texts and not texts.keys() <= texts_of.keys()):
            unknown = facts.keys() - known | (texts or {}).keys() - texts_of.keys()
            raise UnknownEvent(
                f"Position {position} was written by a newer version of orch: {topic} has"
                f" {', '.join(sorted(unknown))}.",
                fix=("orch version",),
            )
        values.update(erased if texts is None else defaults)
        if known:
            _read(facts, facts_of, values)
        if texts is not None:
            _read(texts, texts_of, values)
        actor = envelope["actor"]
        values["originator_id"] = stream
        values["originator_version"] = version
        values["timestamp"] = _time(envelope["occurred_at"])
        values["by"] = _actor(actor["id"], actor["kind"])
        return event
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Damaged(f"Position {position} does not hold a {topic}: {error}.") from None


def _unknown(topic: str, position: int) -> UnknownEvent:
    return UnknownEvent(
        f"Position {position} holds {topic[:80]!r}, which this version of orch does not know.", fix=("orch version",)
    )


def _read(stored: dict[str, Any], readers: dict[str, Reader], values: dict[str, Any]) -> None:
    """Add the stored fields to the values. One that is missing keeps its default; without one it is an error."""
    for name, read in readers.items():
        if name in stored:
            values[name] = read(stored[name])
        elif name not in values:
            raise ValueError(f"{name} is missing")


@lru_cache(maxsize=256)
def _actor(name: str, kind: str) -> Actor:
    return Actor(name, ActorKind(kind))


@lru_cache(maxsize=256)  # the events of a command share theirs
def _time(found: str) -> datetime:
    """Return the time that is written so, and in no other way."""
    if WRITTEN.fullmatch(found) is None:
        raise ValueError(f"{found!r} is no time as envelopes write it")
    return datetime.fromisoformat(found)


def _text(value: dict[str, Any]) -> bytes:
    try:
        return canonical(value)
    except TypeError as error:  # orjson: a lone surrogate, an integer beyond 64 bits, a type that is not JSON
        raise InvalidInput(f"That cannot be recorded: {error}.") from None


def _shape(event_class: type[DomainEvent]) -> Shape:
    hints = get_type_hints(event_class)
    outside = OUTSIDE_FACTS.union(event_class.PAYLOAD)
    facts = {name: _reader(hints[name]) for name in event_class.FIELDS if name not in outside}
    return Shape(
        event_class=event_class,
        facts=facts,
        known=facts.keys(),
        texts={name: _reader(hints[name]) for name in event_class.PAYLOAD},
        defaults=event_class.DEFAULTS,
        erased=event_class.DEFAULTS | dict.fromkeys(event_class.PAYLOAD),
    )


def _reader(hint: Any) -> Reader:
    """Return what reads the values of a field that declares this type."""
    if isinstance(hint, UnionType):
        (inner,) = (_reader(kind) for kind in get_args(hint) if kind is not NoneType)
        return lambda found: None if found is None else inner(found)
    if get_origin(hint) is tuple:
        item = _reader(get_args(hint)[0])
        return lambda found: tuple(map(item, _checked(found, list)))
    if get_origin(hint) is dict:
        value = get_args(hint)[1]
        if value is Any:
            return lambda found: _checked(found, dict)
        each = _reader(value)
        return lambda found: {name: each(inside) for name, inside in _checked(found, dict).items()}
    if issubclass(hint, StrEnum):
        members = {member.value: member for member in hint}

        def closed(found: Any) -> Any:
            return members[found] if type(found) is str and found in members else hint(_checked(found, str))

        return closed

    def exact(found: Any) -> Any:
        return found if type(found) is hint else _checked(found, hint)

    return exact


def _checked(found: Any, kind: type) -> Any:
    if type(found) is not kind:  # exactly: a bool is an int to Python, but not to us
        raise ValueError(f"{found!r} is no {kind.__name__}")
    return found


class _Shapes(dict[str, Shape]):
    """The shape of every topic, worked out when it is first asked for."""

    def __missing__(self, topic: str) -> Shape:
        shape = self[topic] = _shape(TOPICS[topic])
        return shape


SHAPES = _Shapes()

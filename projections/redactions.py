"""Which texts were erased, by whom and why; and what a text was that is about to go."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias, TypedDict

from domain.actors import ActorKind
from domain.event_log import Told
from domain.times import rfc3339
from projections.people import Person, person
from projections.places import words

TOPIC = "ledger.payload_redacted"


class ErasedBy(TypedDict):
    """The redaction of a text: its position, whose it was, and why; the reason is a text that can be erased, too."""

    position: int
    name: str
    kind: ActorKind
    reason: str | None


Redactions: TypeAlias = Mapping[int, ErasedBy]
"""By the position whose text is gone."""
NONE: Redactions = MappingProxyType({})


class ErasedText(TypedDict):
    """Where a text stood and whose it was; `size` is that of its payload in bytes. The text itself is in no answer."""

    position: int
    topic: str
    stream: str
    phase: str | None
    step: str | None
    iteration: int | None
    by: Person
    recorded_at: str
    size: int


def redactions(ledger: Iterable[Told]) -> dict[int, ErasedBy]:
    """Return every redaction that the ledger tells of.

    A text that is gone is gone at every moment: those who look at the past are told by a redaction that came later.
    """
    return {told.facts.get("position", 0): _erased_by(told) for told in ledger if told.topic == TOPIC}


def erased_text(told: Told, *, stream: str, phase: str | None, size: int) -> ErasedText:
    """Return what a text is that is to be erased, or was."""
    return {
        "position": told.position,
        "topic": told.topic,
        "stream": stream,
        "phase": phase,
        "step": told.facts.get("step"),
        "iteration": told.facts.get("iteration"),
        "by": person(told.by),
        "recorded_at": rfc3339(told.recorded_at),
        "size": size,
    }


def in_words(erased: ErasedBy | None) -> str:
    """Return who erased a text, and why: for behind the place where it stood."""
    if erased is None:
        return "text erased"
    reason = f": {erased['reason']}" if erased["reason"] else ""
    return f"text erased at position {erased['position']} by {erased['name']} ({erased['kind']}){reason}"


def _erased_by(told: Told) -> ErasedBy:
    return {
        "position": told.position,
        "name": told.by.name,
        "kind": told.by.kind,
        "reason": words(told, "reason"),
    }

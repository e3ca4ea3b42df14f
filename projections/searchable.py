"""Which free texts of an event can be searched for, and what kind of text each is."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from domain.event_log import Told
from domain.phase_ids import phase_of


class TextKind(StrEnum):
    """What a text is."""

    DOCUMENT = "document"
    FEEDBACK = "feedback"
    DIRECTIVE = "directive"
    COMMENT = "comment"
    REASON = "reason"
    TITLE = "title"
    BLOCKER = "blocker"


class Text(NamedTuple):
    """One free text of an event."""

    kind: TextKind
    words: str


KINDS = {
    "text": TextKind.DOCUMENT,
    "feedback": TextKind.FEEDBACK,
    "comments": TextKind.COMMENT,
    "note": TextKind.COMMENT,
    "path": TextKind.COMMENT,
    "documents": TextKind.COMMENT,
    "left_out": TextKind.COMMENT,
    "reason": TextKind.REASON,
    "title": TextKind.TITLE,
    "name": TextKind.TITLE,
    "description": TextKind.BLOCKER,
}
"""By the name of the field."""
ELSEWHERE = {"project.directive_remembered": TextKind.DIRECTIVE}
"""What the text of these topics is."""
UNSEARCHED = frozenset(("fields", "sources"))
"""What a document was made from: its text says the same. Where requests came from is nobody's text."""


def texts_of(told: Told) -> Iterator[Text]:
    """Yield the texts of an event in a fixed order; none where there are none, or where they were erased."""
    for name, value in sorted((told.texts or {}).items()):
        if name in UNSEARCHED or not value:
            continue
        kind = ELSEWHERE.get(told.topic) or KINDS[name]
        for words in [value] if isinstance(value, str) else value:
            if words:
                yield Text(kind, words)


def phase_spoken_of(told: Told, stream: str) -> str | None:
    """Return the phase that an event is about: that of its stream, or the one that a directive names."""
    found = phase_of(stream) or (told.facts.get("phase") if told.topic in ELSEWHERE else None)
    return found if isinstance(found, str) else None

"""What the next iteration of a document has to answer."""

from typing import TypedDict

from domain.documents import Document
from domain.event_log import Told
from domain.times import rfc3339
from projections.people import Person, person
from projections.places import Tellings, words


class Feedback(TypedDict):
    """One rejection or reopening that is still to be answered."""

    position: int
    topic: str
    by: Person
    at: str
    points: list[str]
    erased: bool


def open_feedback(stream: str, document: Document, told: Tellings) -> list[Feedback]:
    """Return what was asked for since the latest iteration, the oldest first."""
    return [_feedback(told[stream, version]) for version in document.feedback]


def _feedback(told: Told) -> Feedback:
    reason = words(told, "reason")
    return {
        "position": told.position,
        "topic": told.topic,
        "by": person(told.by),
        "at": rfc3339(told.recorded_at),
        "points": list(words(told, "feedback") or ([reason] if reason else [])),
        "erased": told.erased,
    }

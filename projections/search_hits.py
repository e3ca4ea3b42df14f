"""A text that was found: whose it is, where it stands, and the piece of it around the match."""

from typing import TypedDict

from domain.event_log import Told
from domain.times import rfc3339
from projections.people import Person, person
from projections.searchable import TextKind, phase_spoken_of, texts_of
from projections.words import Span, spans

BEFORE, AFTER = 60, 140
"""Characters around the beginning of the first match that a snippet shows."""
ELLIPSIS = "…"


class SearchHit(TypedDict):
    """A text that holds all that was asked for. `matches` are [from, to) places in the snippet, in characters."""

    kind: TextKind
    phase: str | None
    step: str | None
    iteration: int | None
    position: int
    topic: str
    by: Person
    recorded_at: str
    snippet: str
    matches: list[list[int]]


def hit_of(
    told: Told, stream: str, part: int, wanted: list[list[str]], *, kind: str | None, phase: str | None
) -> SearchHit | None:
    """Return the hit that an index names, or None where the log knows better: nothing of the sort stands there."""
    texts = list(texts_of(told))
    if part >= len(texts):
        return None
    text, about = texts[part], phase_spoken_of(told, stream)
    if kind not in (None, text.kind) or phase not in (None, about):
        return None
    found = spans(text.words, wanted)
    if found is None:
        return None
    snippet, matches = _snippet(text.words, found)
    return {
        "kind": text.kind,
        "phase": about,
        "step": told.facts.get("step"),
        "iteration": told.facts.get("iteration"),
        "position": told.position,
        "topic": told.topic,
        "by": person(told.by),
        "recorded_at": rfc3339(told.recorded_at),
        "snippet": snippet,
        "matches": matches,
    }


def _snippet(text: str, found: list[Span]) -> tuple[str, list[list[int]]]:
    """Return the piece around the first match on one line, and the matches in it."""
    start = max(0, found[0].start - BEFORE)
    end = min(len(text), max(found[0].start + AFTER, found[0].end))
    if start:  # not in the middle of a word
        start = max(start, text.find(" ", start, found[0].start) + 1)
    before, after = (ELLIPSIS if start else ""), (ELLIPSIS if end < len(text) else "")
    piece = "".join(" " if letter.isspace() else letter for letter in text[start:end])
    shift = len(before) - start
    matches = [[span.start + shift, span.end + shift] for span in found if span.start >= start and span.end <= end]
    return before + piece + after, matches

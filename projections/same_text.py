"""Where else a text stands: in later iterations, in the document that answers it, in anything said before."""

from collections.abc import Iterable, Iterator
from typing import Any, TypedDict

from domain.event_log import Told

LEAST = 4
"""Characters; what is shorter stands in every text by chance."""
MOST_INSIDE = 200
"""So many pieces are looked for inside of other lines, too; of a longer text only its lines as a whole are."""
MARKS = "-*+> "


class SameText(TypedDict):
    """An event that says `found` of the `of` pieces of the erased text, and the command that erases its text, too."""

    position: int
    topic: str
    step: str | None
    iteration: int | None
    found: int
    of: int
    fix: str


def pieces_of(texts: Iterable[dict[str, Any]]) -> list[str]:
    """Return what people said in free texts: the lines of their fields, or of a document that was written by hand.

    A document drafted from fields is left out: beside them, and the feedback that it answers, it holds what its
    template says in every document.
    """
    said = [{n: v for n, v in text.items() if n != "text"} if text.get("fields") else text for text in texts]
    lines = {plain(line) for string in _strings(said) for line in string.split("\n") if not line.startswith("#")}
    return sorted(line for line in lines if len(line) >= LEAST)


def same_text(pieces: list[str], happenings: Iterable[Told], *, erased: int, reason: str) -> Iterator[SameText]:
    """Yield the events that still say any of the pieces; `erased` is the position that they come from."""
    inside = frozenset(pieces if len(pieces) <= MOST_INSIDE else ())
    for told in happenings:
        if told.texts is None or told.position == erased:
            continue
        lines = [plain(line) for string in _strings(told.texts) for line in string.split("\n")]
        whole, known = "\n".join(lines), set(lines)
        found = sum(piece in known or (piece in inside and piece in whole) for piece in pieces)
        if found:
            yield {
                "position": told.position,
                "topic": told.topic,
                "step": told.facts.get("step"),
                "iteration": told.facts.get("iteration"),
                "found": found,
                "of": len(pieces),
                "fix": f"orch audit redact {told.position} --reason {reason} --yes",
            }


def plain(line: str) -> str:
    """Return a line without what Markdown puts around words: marks of lists, escapes, runs of spaces."""
    return " ".join(line.replace("\\", "").split()).lstrip(MARKS)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)

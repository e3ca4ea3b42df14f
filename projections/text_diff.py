"""What changed between two iterations of a document."""

from difflib import unified_diff
from typing import TypedDict

from domain.steps import Step
from projections.document_text import DocumentText
from projections.people import Person
from projections.redactions import ErasedBy


class ComparedText(TypedDict):
    """One side of the comparison: its digest names the text, which stands in the log at its position."""

    iteration: int
    digest: str
    author: Person
    position: int
    recorded_at: str
    erased: bool
    erased_by: ErasedBy | None


class TextDiff(TypedDict):
    """The lines of a unified diff; None where a text was erased, empty where both say the same."""

    phase: str
    step: Step
    old: ComparedText
    new: ComparedText
    lines: list[str] | None


def text_diff(old: DocumentText, new: DocumentText) -> TextDiff:
    """Compare two iterations of one document."""
    return {
        "phase": new["phase"],
        "step": new["step"],
        "old": _compared(old),
        "new": _compared(new),
        "lines": _lines(old, new),
    }


def _lines(old: DocumentText, new: DocumentText) -> list[str] | None:
    if old["text"] is None or new["text"] is None:
        return None
    before, after = (text.removesuffix("\n").split("\n") for text in (old["text"], new["text"]))
    return list(unified_diff(before, after, _name(old), _name(new), lineterm=""))


def _name(text: DocumentText) -> str:
    return f"{text['phase']}/{text['step']}.md iteration {text['iteration']}"


def _compared(text: DocumentText) -> ComparedText:
    return {
        "iteration": text["iteration"],
        "digest": text["digest"],
        "author": text["author"],
        "position": text["position"],
        "recorded_at": text["recorded_at"],
        "erased": text["erased"],
        "erased_by": text["erased_by"],
    }

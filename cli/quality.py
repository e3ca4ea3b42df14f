"""The quality of a document in words."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from projections.step_status import Quality


def quality_in_words(quality: "Quality") -> str:
    """Return the score, and what is missing while it is below the mark or below what the policy asks for."""
    score, needed = quality["score"], quality["required"]
    said = f"{score} %"
    if score < quality["mark"]:
        said += f" (passes at {quality['mark']} %)"
    if needed is not None:
        said += f" (the policy asks for {needed} %)"
    if score < max(quality["mark"], needed or 0):
        said += f", missing: {', '.join(quality['missing'])}"
    return said

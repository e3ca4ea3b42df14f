"""Templates in memory: the same fields always give the same text."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.digest import normalised
from domain.steps import Step
from domain.templates import Rendered

TEMPLATE = "plain"
TEMPLATE_DIGEST = "sha256:" + "00" * 32


def plain_text(step: Step, fields: Mapping[str, Any], *, title: str, iteration: int, answers: Sequence[str]) -> str:
    """Return the text of a document: its title, its fields, and the feedback it answers."""
    lines = [f"# {title}: {step}, iteration {iteration}", ""]
    lines += [f"{name}: {value}" for name, value in sorted(fields.items())]
    lines += [f"> {answer}" for answer in answers]
    return normalised("\n".join(lines))


class PlainTemplates:
    """The port `Templates` without a template."""

    def render(
        self,
        step: Step,
        fields: Mapping[str, Any],
        *,
        phase: str,
        title: str,
        iteration: int,
        answers: Sequence[str],
        derived: Mapping[str, Any],
    ) -> Rendered:
        text = plain_text(step, fields, title=title, iteration=iteration, answers=answers)
        return Rendered(text, TEMPLATE, TEMPLATE_DIGEST)

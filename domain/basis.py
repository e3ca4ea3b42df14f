"""An approved document that others are derived from, and the lines taken from it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from domain.steps import Step

RESTS_ON = {Step.PRD: (Step.SPEC, Step.PLAN)}
"""Which earlier documents a step takes lines from."""


class Basis(NamedTuple):
    """The iteration of a step that lines are taken from, with its fields."""

    step: Step
    iteration: int
    digest: str
    fields: Mapping[str, Any]

    def named(self) -> str:
        """Return how a derived line names it."""
        return f"{self.step}, iteration {self.iteration}"

    def facts(self) -> dict[str, Any]:
        """Return what the event of a draft records about it."""
        return {"step": self.step.value, "iteration": self.iteration, "digest": self.digest}


class Line(NamedTuple):
    """One entry of a field: a text, or a table with names."""

    value: Any
    source: Basis


Bases = Mapping[Step, Basis]


def lines(of: Bases, step: Step, *names: str) -> list[Line]:
    """Return the entries of the first of these fields that says anything; none where the step is no basis."""
    if step not in of:
        return []
    found: Sequence[Any] = next((of[step].fields[name] for name in names if of[step].fields.get(name)), [])
    return [Line(value, of[step]) for value in found]

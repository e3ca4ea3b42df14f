"""What follows from the fields of a step: made anew with every draft, never recorded beside the text."""

from collections.abc import Mapping
from typing import Any

from domain.steps import Step


def derived(step: Step, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what follows from the fields of a step. Raises InvalidInput when they contradict each other."""
    match step:
        case Step.TASKS:
            from domain.derived_tasks import derived_tasks  # a step pays for its own derivation only

            return derived_tasks(fields)
        case _:
            return {}

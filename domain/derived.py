"""What follows from the fields of a step: made anew with every draft, and told to its template beside the fields."""

from collections.abc import Mapping
from typing import Any

from domain.steps import Step


def derived(step: Step, fields: Mapping[str, Any], *, phase: str) -> dict[str, Any]:
    """Return what follows from the fields of a step. Raises InvalidInput when they contradict each other."""
    match step:  # a step pays for its own derivation only
        case Step.SPEC:
            return _phases(fields.get("dependencies") or (), phase)
        case Step.PLAN:
            from domain.derived_plan import derived_plan

            return derived_plan(fields)
        case Step.TASKS:
            from domain.derived_tasks import derived_tasks

            return derived_tasks(fields)
        case _:
            return {}


def _phases(waits_for: Any, phase: str) -> dict[str, Any]:
    """Return the graph of the phases that a phase waits for."""
    if not waits_for:
        return {}
    nodes = [(name, name) for name in dict.fromkeys([*waits_for, phase])]
    return {"phases": {"nodes": nodes, "edges": [(name, phase) for name in waits_for], "marked": []}}

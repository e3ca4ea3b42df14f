"""What follows from the fields of a step: made anew with every draft, and told to its template beside the fields."""

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from domain.basis import Basis
from domain.steps import Step


def derived(step: Step, fields: Mapping[str, Any], *, phase: str, bases: Sequence[Basis] = ()) -> dict[str, Any]:
    """Return what follows from the fields of a step, and of a PRD from the documents it rests on.

    `sources` in it names those that were used. Raises InvalidInput when fields contradict each other.
    """
    match step:  # a step pays for its own derivation only
        case Step.SPEC:
            return _phases(fields.get("dependencies") or (), phase)
        case Step.PLAN:
            from domain.derived_plan import derived_plan

            return derived_plan(fields)
        case Step.PRD:
            from domain.derived_prd import derived_prd

            return derived_prd(fields, bases)
        case Step.TASKS:
            from domain.derived_tasks import derived_tasks

            return derived_tasks(fields)
        case Step.RESEARCH:
            return {}
        case _:
            assert_never(step)


def _phases(waits_for: Any, phase: str) -> dict[str, Any]:
    """Return the graph of the phases that a phase waits for."""
    if not waits_for:
        return {}
    nodes = [(name, name) for name in dict.fromkeys([*waits_for, phase])]
    return {"phases": {"nodes": nodes, "edges": [(name, phase) for name in waits_for], "marked": []}}

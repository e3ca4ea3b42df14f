"""Where a phase stands here against what its state file says there, under the predecessor's field names."""

from collections.abc import Mapping
from typing import Any, TypedDict

from domain.phase_state import PhaseState
from domain.steps import STEPS, StepState


class ImportDifference(TypedDict):
    """One field that says something else here."""

    field: str
    there: str
    here: str


def facts_here(state: PhaseState) -> dict[str, Any]:
    """Return what can be compared: no times, and blockers by their number, as ids are given anew here."""
    approved = [step for step in STEPS if state.documents[step].state is StepState.APPROVED]
    return {
        "phase": state.phase,
        "currentStep": state.current_step,
        "completedSteps": [step.value for step in state.completed],
        "approvals": [step.value for step in approved],
        **{f"iterations.{step}": state.documents[step].iteration for step in STEPS},
        "open blockers": len(state.open_blockers),
        "nextAction": state.next_action,
        "dependencies": sorted(state.depends_on),
    }


def import_differences(state: PhaseState, there: Mapping[str, Any]) -> list[ImportDifference]:
    """Return the fields that differ; one that `there` does not have is none."""
    here = facts_here(state)
    return [
        {"field": name, "there": _shown(there[name]), "here": _shown(value)}
        for name, value in here.items()
        if name in there and there[name] != value
    ]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "none" if value is None else str(value)

"""How complete a document is: the share of its required parts that are there, and which are not."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from domain.steps import Step

Fields = Mapping[str, Any]

MARKS = {Step.RESEARCH: 80, Step.PLAN: 75, Step.TASKS: 70}
"""At how many percent a document passes. The other steps are not scored."""


class Quality(NamedTuple):
    """How much of a document is there, in percent rounded down, and the parts that are missing."""

    score: int
    missing: tuple[str, ...]


def quality_of(step: Step, fields: Fields) -> Quality | None:
    """Return the quality of a document by its fields, or None for a step that is not scored."""
    parts = PARTS.get(step)
    if parts is None:
        return None
    missing = tuple(name for name, there in parts.items() if not there(fields))
    return Quality(100 * (len(parts) - len(missing)) // len(parts), missing)


def _any_of(*names: str) -> Callable[[Fields], bool]:
    return lambda fields: any(fields.get(name) for name in names)


def _every_task_has(name: str) -> Callable[[Fields], bool]:
    def there(fields: Fields) -> bool:
        tasks: Sequence[Fields] = fields.get("tasks") or ()
        return bool(tasks) and all(task.get(name) for task in tasks)

    return there


PARTS: dict[Step, dict[str, Callable[[Fields], bool]]] = {
    Step.RESEARCH: {
        "sources": _any_of("primary_sources", "secondary_sources", "project_sources"),
        "technical_foundation": _any_of("technical_foundation"),
        "alternatives": _any_of("alternatives"),
        "risks": _any_of("risks"),
    },
    Step.PLAN: {
        "architecture_overview": _any_of("architecture_overview"),
        "core_components": _any_of("core_components"),
        "integration_points": _any_of("integration_points"),
        "data_flow": _any_of("data_flow"),
        "technical_specifications": _any_of("technical_specifications"),
        "file_structure": _any_of("file_structure"),
        "dependencies": _any_of("external_dependencies", "internal_dependencies"),
        "environment": _any_of("environment"),
        "implementation_phases": _any_of("implementation_phases"),
        "risk_mitigation": _any_of("risk_mitigation"),
        "testing_strategy": _any_of("testing_strategy"),
        "performance_considerations": _any_of("performance_considerations"),
    },
    Step.TASKS: {
        "tasks": _any_of("tasks"),
        "estimated_hours": _every_task_has("estimated_hours"),
        "priority": _every_task_has("priority"),
        "acceptance_criteria": _every_task_has("acceptance_criteria"),
        "resource_allocation": _any_of("resource_allocation"),
        "quality_gates": _any_of("quality_gates"),
        "risk_tasks": _any_of("risk_tasks"),
        "definition_of_done": _any_of("definition_of_done"),
    },
}
"""The required parts, named as the fields that fill them in."""

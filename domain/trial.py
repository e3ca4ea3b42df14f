"""Try a draft before it is asked for: what its fields contradict and its template cannot say is known by then."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain import phase_ids
from domain.basis import RESTS_ON, Basis
from domain.derived import derived
from domain.digest import SCHEME
from domain.steps import Step
from domain.task_numbers import numbered
from domain.templates import Templates


def try_out(
    fields: Mapping[Step, dict[str, Any]],
    step: Step,
    *,
    phase: str,
    templates: Templates,
    bases: Sequence[Basis] | None = None,
    iteration: int = 1,
) -> str:
    """Return the document of a step, resting on `bases` or on the others of these fields; nothing is kept.

    Raises `InvalidInput` and `TemplateBroken`. What depends on earlier iterations is judged when it is drafted.
    """
    own = fields[step]
    if step is Step.TASKS and isinstance(own.get("tasks"), list):
        own = {**own, "tasks": numbered(own["tasks"], {}, set())}
    if bases is None:
        bases = [
            Basis(each, 1, f"{SCHEME}{'0' * 64}", fields[each]) for each in RESTS_ON.get(step, ()) if each in fields
        ]
    title = fields.get(Step.SPEC, {}).get("title") or phase_ids.title_from(phase)
    found = derived(step, own, phase=phase, bases=bases)
    return templates.render(step, own, phase=phase, title=title, iteration=iteration, answers=(), derived=found).text

"""Tasks with their state, whose they are, and whose turn it is."""

from typing import TYPE_CHECKING, NamedTuple

from domain.errors import InvalidInput
from domain.phase_state import PhaseState
from domain.tasks import TaskState
from projections.moments import as_of
from projections.task_list import TaskRow, next_tasks, outline_places, phase_tasks, places, task_list
from usecases.project import Project
from usecases.reads import view_of_all, view_of_phase

if TYPE_CHECKING:
    from usecases.answers import TaskListAnswer


class Wanted(NamedTuple):
    """Which tasks are asked for."""

    only_open: bool = False
    done: bool = False
    ready: bool = False
    of: str | None = None
    """Only those of whoever has this name: assigned to them, or started by them."""


def tasks(project: Project, phase: str | None, wanted: Wanted, at: str | None) -> "TaskListAnswer":
    """Return the tasks of the latest approved tasks document; without a phase, of every phase not archived."""
    if wanted.done and (wanted.only_open or wanted.ready):
        raise InvalidInput(
            "What is done is neither open nor ready; ask for one of them.", fix=("orch task list --open",)
        )
    if phase is None:
        view = view_of_all(project, at)
        heads = [head for head in view.phases.values() if not head.facts["archived"]]
    else:
        view, head = view_of_phase(project, phase, at)
        heads = [head]
    told = project.log.told([place for head in heads for place in places(head)])
    found = [phase_tasks(head, told, now_us=view.now) for head in heads]
    rows = [row for head in heads for row in task_list(head, told, now_us=view.now) if _is_wanted(row, wanted)]
    if phase is None:
        found = [each for each in found if each["total"]]
    return {"rows": rows, "phases": found, "as_of": as_of(view.moment)}


def next_for_tasks(project: Project, phase: str) -> list[str]:
    """Return the command that leads the tasks of a phase on, as things are now."""
    view, head = view_of_phase(project, phase, None)
    state = PhaseState.from_facts(head.facts).at(view.now)
    return next_tasks(state, project.log.told(outline_places(state)))


def _is_wanted(row: TaskRow, wanted: Wanted) -> bool:
    return (
        (row["state"] is TaskState.DONE or not wanted.done)
        and (row["state"] is not TaskState.DONE or not wanted.only_open)
        and (row["ready"] or not wanted.ready)
        and (wanted.of is None or _is_of(row, wanted.of))
    )


def _is_of(row: TaskRow, name: str) -> bool:
    if row["assignee"]:
        return row["assignee"] == name
    return row["by"] is not None and row["state"] is not TaskState.OPEN and row["by"]["name"] == name

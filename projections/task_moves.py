"""Which tasks of a phase stand elsewhere at another moment, and which of them are undone there."""

from typing import TypedDict

from domain.phase_state import PhaseState
from domain.tasks import NO_TASKS, TaskState


class TaskMove(TypedDict):
    """A task at two moments; None stands for one that no document had listed. `undone`: it was done, and is not."""

    task: str
    before: TaskState | None
    after: TaskState | None
    assignee_before: str | None
    assignee_after: str | None
    undone: bool


def task_moves(before: PhaseState | None, after: PhaseState | None) -> list[TaskMove]:
    """Return the tasks that differ between two states of a phase, by number; None stands for no phase at all."""
    was, now = (state.tasks if state else NO_TASKS for state in (before, after))
    rows: list[TaskMove] = []
    for number in sorted(was.told.keys() | now.told.keys(), key=lambda number: int(number[1:])):
        row: TaskMove = {
            "task": number,
            "before": was.of(number).state if number in was.told else None,
            "after": now.of(number).state if number in now.told else None,
            "assignee_before": was.of(number).assignee or None,
            "assignee_after": now.of(number).assignee or None,
            "undone": False,
        }
        row["undone"] = row["before"] is TaskState.DONE and row["after"] is not TaskState.DONE
        if (row["before"], row["assignee_before"]) != (row["after"], row["assignee_after"]):
            rows.append(row)
    return rows

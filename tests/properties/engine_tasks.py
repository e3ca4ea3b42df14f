"""The part of the plain model that knows tasks: which number each has, and what may be done about it."""

import re
from typing import Any

from domain import commands as c
from domain.steps import Step, StepState
from tests.properties.engine_state import Chore, Phase, Row, refuse_if

BY_HAND = re.compile(r"^- \[.\] \*\*(T\d+)\*\* (\w+)(?: \(after (T\d+)\))?$", re.MULTILINE)

Rows = list[Row]
Tasks = list[dict[str, Any]]


def known_titles(phase: Phase, rows: Rows) -> dict[str, str | None]:
    """Return the title of every number ever used; None where it was erased since."""
    return {n: title if rows[at - 1].has_text else None for n, (title, at) in phase.titles.items()}


def latest(phase: Phase) -> dict[str, tuple[str, ...]]:
    """Return the tasks of the iteration whose tasks were listed last."""
    return phase.listed[max(phase.listed)] if phase.listed else {}


def numbered(phase: Phase, tasks: Tasks, rows: Rows) -> Tasks:
    """Give every task its number: that of its title, else the one it came with if that is free, or a new one.

    The titles of the machine are all different and none is like another.
    """
    known = known_titles(phase, rows)
    by_title = {title: number for number, title in known.items() if title is not None}
    found = [by_title.get(task["title"]) for task in tasks]
    for at, task in enumerate(tasks):
        given = task.get("id")
        if found[at] is None and given in latest(phase) and given not in found:
            found[at] = given
    for at, task in enumerate(tasks):
        given = task.get("id")
        if found[at] is None and given and given not in known and given not in found:
            found[at] = given
    for at in range(len(tasks)):
        if found[at] is None:
            highest = max((int(number[1:]) for number in {*known, *found} if number), default=0)
            found[at] = f"T{highest + 1:03d}"
    renamed = {task.get("id"): number for task, number in zip(tasks, found, strict=True)}
    return [
        {"id": number, "title": task["title"]}
        | ({"dependencies": [renamed[on] for on in task["dependencies"]]} if "dependencies" in task else {})
        for task, number in zip(tasks, found, strict=True)
    ]


def by_hand(phase: Phase, text: str, rows: Rows) -> Tasks:
    """Return the tasks of a text; refuse the number of a dropped task for another one."""
    known = known_titles(phase, rows)
    tasks: Tasks = []
    for number, title, needs in BY_HAND.findall(text):
        dropped = number in known and number not in latest(phase)
        refuse_if(dropped and known[number] != title, "InvalidInput")
        tasks.append({"id": number, "title": title, "dependencies": [needs] if needs else []})
    return tasks


def list_tasks(phase: Phase, iteration: int, tasks: Tasks) -> None:
    """Remember what an iteration lists, if it or the one before lists anything."""
    if tasks or latest(phase):
        phase.listed[iteration] = {task["id"]: tuple(task.get("dependencies", ())) for task in tasks}
        phase.titles |= {task["id"]: (task["title"], 0) for task in tasks}


def after(phase: Phase, command: Any) -> dict[str, Chore]:
    """Return how far the tasks are after a command, or refuse all of it."""
    now = {number: Chore(chore.state, chore.assignee) for number, chore in phase.chores.items()}
    match command:
        case c.StartTasks():
            for number in _listed(phase, command.tasks):
                refuse_if(_of(now, number).state != "open", "NothingChanged")
                _refuse_out_of_turn(phase, now, number, command)
                _of(now, number).state = "started"
        case c.CompleteTasks():
            _complete(phase, now, _listed(phase, command.tasks), command)
        case c.ReopenTasks():
            numbers = _listed(phase, command.tasks)
            refuse_if(not command.reason.strip(), "ReasonMissing")
            _reopen(now, numbers)
        case c.AssignTasks():
            for number in _listed(phase, command.tasks):
                refuse_if(_of(now, number).assignee == command.to, "NothingChanged")
                _of(now, number).assignee = command.to
        case c.SyncTasks():
            refuse_if(not command.done and not command.reopened, "NothingChanged")
            _reopen(now, _listed(phase, command.reopened) if command.reopened else [])
            _complete(phase, now, _listed(phase, command.done) if command.done else [], command)
    return now


def _of(now: dict[str, Chore], number: str) -> Chore:
    return now.setdefault(number, Chore())


def _listed(phase: Phase, numbers: tuple[str, ...]) -> list[str]:
    refuse_if(not numbers, "InvalidInput")
    refuse_if(not phase.worked_on and phase.papers[Step.TASKS].state != StepState.APPROVED, "StepNotApproved")
    refuse_if(not {*numbers} <= phase.tasks.keys(), "NotFound")
    return [number for number in phase.tasks if number in numbers]  # the machine lists no task before what it needs


def _complete(phase: Phase, now: dict[str, Chore], numbers: list[str], command: Any) -> None:
    for number in numbers:
        refuse_if(_of(now, number).state == "done", "NothingChanged")
        if _of(now, number).state == "open":
            _refuse_out_of_turn(phase, now, number, command)
        _of(now, number).state = "done"


def _reopen(now: dict[str, Chore], numbers: list[str]) -> None:
    for number in numbers:
        refuse_if(_of(now, number).state == "open", "NothingChanged")
        _of(now, number).state = "open"


def _refuse_out_of_turn(phase: Phase, now: dict[str, Chore], number: str, command: Any) -> None:
    refuse_if(command.forced and not command.reason.strip(), "ReasonMissing")
    if not command.forced:
        refuse_if(phase.papers[Step.TASKS].state != StepState.APPROVED, "StepNotApproved")
        refuse_if(any(_of(now, on).state != "done" for on in phase.tasks[number]), "TaskWaits")

"""orch task list: tasks with their state, whose they are, and whose turn it is."""

from typing import Annotated, Optional

import typer

from cli.answers import answer
from cli.arguments import phases_known
from cli.options import Asked, reading
from cli.project import opened
from cli.screen import one_line, paint, print_table
from domain.steps import StepState
from domain.tasks import TaskState
from projections.task_list import (
    PhaseTasks,
    TaskRow,
)
from usecases.project import Project
from usecases.task_list import Wanted, tasks

MaybePhase = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Argument(metavar="[PHASE]", help="A phase; without one, all of them.", autocompletion=phases_known),
]
Open = Annotated[bool, typer.Option("--open", help="Only what is still to be done.")]
Done = Annotated[bool, typer.Option("--done", help="Only what is done.")]
Ready = Annotated[bool, typer.Option("--ready", help="Only what may begin now.")]
Mine = Annotated[bool, typer.Option("--mine", help="Only what is yours: assigned to you, or started by you.")]
COLOURS = {"done": "green", "started": "yellow", "ready": "cyan", "waits": "dim", "open": "dim"}


@reading
def list_tasks(
    asked: Asked,
    phase: MaybePhase = None,
    only_open: Open = False,
    done: Done = False,
    ready: Ready = False,
    mine: Mine = False,
) -> None:
    """List the tasks of the latest approved tasks document; without PHASE, those of every phase not archived.

    Example: orch task list st01-audio-engine --ready

    Next: orch task start PHASE T001
    """
    with opened() as project:
        me = _me(project) if mine else None
        data = tasks(project, phase, Wanted(only_open, done, ready, me), asked.at)
    filtered = only_open or done or ready or mine
    answer("task.list", data, as_json=asked.json, show=lambda: _show(data["phases"], data["rows"], filtered=filtered))


def _me(project: Project) -> str:
    if project.far is not None:
        return project.far.by.name
    from adapters.actor import acting

    return acting(None, None, root=project.places.root).name


def _show(phases: list[PhaseTasks], rows: list[TaskRow], *, filtered: bool) -> None:
    if not phases:
        print("No phase has an approved tasks document yet. See what leads there: orch next")
    for number, phase in enumerate(phases):
        if number:
            print()
        print(f"{paint(phase['phase'], 'bold')}  {_headline(phase)}")
        of_phase = [row for row in rows if row["phase"] == phase["phase"]]
        print_table(
            [_cells(row) for row in of_phase],
            head=("TASK", "STATE", "TITLE", "WHOSE", "SINCE", "HOURS", "PRIORITY") if of_phase else (),
        )
        if filtered and not of_phase and phase["total"]:
            print(paint("none of them", "dim"))


def _headline(phase: PhaseTasks) -> str:
    if not phase["iteration"]:
        return f"nothing to work on yet: the tasks document is {phase['document'].replace('_', ' ')}"
    parts = [f"{phase['done']} of {phase['total']} done"]
    parts += [f"{phase['started']} started"] if phase["started"] else []
    parts += [f"{phase['ready']} ready"] if phase["ready"] else []
    line = ", ".join(parts)
    if phase["document"] is not StepState.APPROVED:
        later = f"the document is {phase['document'].replace('_', ' ')}; this is iteration {phase['iteration']}"
        line += paint(f" ({later}, approved before)", "yellow")
    return line


def _cells(row: TaskRow) -> tuple[str, ...]:
    said = "ready" if row["ready"] else "waits" if row["waits_for"] else row["state"].value
    if row["state"] is not TaskState.OPEN:
        said = row["state"].value
    state = paint(said, COLOURS[said])
    if said == "waits":
        state += paint(f" for {', '.join(row['waits_for'])}", "dim")
    if row["forced"]:
        state += paint(" (out of turn)", "yellow")
    whose = row["assignee"] or (row["by"]["name"] if row["by"] and row["state"] is not TaskState.OPEN else "")
    return (
        row["number"],
        state,
        one_line(row["title"]) if row["title"] is not None else paint("[erased]", "dim"),
        one_line(whose),
        (row["since"] or "")[:16].replace("T", " "),
        f"{row['hours']:g}" if row["hours"] is not None else "",
        row["priority"] or "",
    )

"""orch task list: tasks with their state, whose they are, and whose turn it is."""

from typing import Annotated, Optional

import typer

from cli.answers import answer
from cli.arguments import phases_known
from cli.options import Asked, reading
from cli.project import opened
from cli.screen import one_line, paint, print_table
from domain.errors import InvalidInput
from domain.phase_state import PhaseState
from domain.steps import StepState
from domain.tasks import TaskState
from projections.moments import as_of
from projections.task_list import (
    PhaseTasks,
    TaskRow,
    next_tasks,
    outline_places,
    phase_tasks,
    places,
    task_list,
)
from usecases.project import Project
from usecases.reads import view_of_all, view_of_phase

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
    if done and (only_open or ready):
        raise InvalidInput("--done leaves nothing that is --open or --ready.", fix=("orch task list --open",))
    with opened() as project:
        if phase is None:
            view = view_of_all(project, asked.at)
            heads = [head for head in view.phases.values() if not head.facts["archived"]]
        else:
            view, head = view_of_phase(project, phase, asked.at)
            heads = [head]
        me = _me(project) if mine else None
        told = project.log.told([place for head in heads for place in places(head)])
        found = [phase_tasks(head, told, now_us=view.now) for head in heads]
        rows = [
            row
            for head in heads
            for row in task_list(head, told, now_us=view.now)
            if (row["state"] is TaskState.DONE or not done)
            and (row["state"] is not TaskState.DONE or not only_open)
            and (row["ready"] or not ready)
            and (me is None or _is_mine(row, me))
        ]
        if phase is None:
            found = [each for each in found if each["total"]]
        data = {"rows": rows, "phases": found, "as_of": as_of(view.moment)}
    filtered = only_open or done or ready or mine
    answer("task.list", data, as_json=asked.json, show=lambda: _show(found, rows, filtered=filtered))


def next_for_tasks(project: Project, phase: str) -> list[str]:
    """Return the command that leads the tasks of a phase on, as things are now."""
    view, head = view_of_phase(project, phase, None)
    state = PhaseState.from_facts(head.facts).at(view.now)
    return next_tasks(state, project.log.told(outline_places(state)))


def _me(project: Project) -> str:
    from adapters.actor import acting

    return acting(None, None, root=project.places.root).name


def _is_mine(row: TaskRow, me: str) -> bool:
    if row["assignee"]:
        return row["assignee"] == me
    return row["by"] is not None and row["state"] is not TaskState.OPEN and row["by"]["name"] == me


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

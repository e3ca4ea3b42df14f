"""orch task sync: record the boxes that were ticked by hand."""

import shlex
import sys
from typing import TYPE_CHECKING, Annotated, NamedTuple

import click
import typer

from cli.arguments import PhaseId
from cli.options import Asked, writing
from cli.project import opened
from cli.screen import one_line, paint
from cli.task_work import Force
from cli.writes import carry_out
from domain.errors import InvalidInput, NotFound
from domain.phase_ids import checked
from domain.phase_state import PhaseState
from domain.steps import Step
from domain.tasks import TaskState
from domain.unknown import unknown_phase
from projections.task_list import in_force, outline_places, places, texts_of
from usecases.project import Project

if TYPE_CHECKING:
    from domain.commands import SyncTasks

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; away from a terminal there is nobody to ask.")]
Why = Annotated[str, typer.Option("--reason", help="Why boxes were emptied; with --force, why tasks need not wait.")]


class Boxes(NamedTuple):
    """What the boxes on disk say otherwise than the log."""

    done: tuple[str, ...]
    reopened: tuple[str, ...]
    unknown: tuple[str, ...]
    """Ticked, but of no task that is approved."""
    titles: dict[str, str]


@writing
def sync(asked: Asked, phase: PhaseId, yes: Yes = False, force: Force = False, reason: Why = "") -> None:
    """Record what the boxes in tasks.md say of tasks: a ticked box is a task done, an emptied one is reopened.

    It shows what it would record, and asks; away from a terminal --yes has to say that it is meant.

    Example: orch task sync st01-audio-engine --yes

    Next: orch task list PHASE
    """
    checked(phase)
    touched: list[str] = []

    def command(project: Project) -> "SyncTasks":
        from domain.commands import SyncTasks

        found = Boxes((), (), (), {})
        if project.log.receipt(asked.command_id) is None:  # a command that was recorded before asks nobody again
            found = _boxes(project, phase)
            _sure(asked, phase, found, yes=yes, force=force, reason=reason)
        touched.extend((*found.done, *found.reopened))
        return SyncTasks(project.meta(asked), phase, found.done, found.reopened, force, reason)

    with opened(to_write=True) as project:
        carry_out(project, asked, phase, lambda: command(project), boxes=touched)


def _boxes(project: Project, phase: str) -> Boxes:
    """Return where the boxes on disk and the log differ, in the order of the approved document."""
    from domain.task_texts import boxes_in

    head = project.head(phase)
    if head is None:
        raise unknown_phase(project.log, phase)
    text = project.files.read(phase, Step.TASKS)
    if text is None:
        shown = project.files.shown(phase, Step.TASKS)
        raise NotFound(f"There is no file {shown} with boxes.", fix=(f"orch checkout {phase} tasks",))
    state = PhaseState.from_facts(head.facts)
    told = project.log.told([*places(head), *outline_places(state)])
    book = in_force(state, told)
    ticked = boxes_in(text)
    known = [number for number, *_ in book.in_force.tasks]
    titles = {n: task.title for n, task in texts_of(told.get((head.stream, book.in_force.drafted))).items()}
    return Boxes(
        tuple(n for n in known if ticked.get(n) and book.of(n).state is not TaskState.DONE),
        tuple(n for n in known if ticked.get(n) is False and book.of(n).state is TaskState.DONE),
        tuple(n for n, tick in ticked.items() if tick and n not in known),
        titles,
    )


def _sure(asked: Asked, phase: str, found: Boxes, *, yes: bool, force: bool, reason: str) -> None:
    """Show what would be recorded, and make sure that it is meant."""
    for numbers, mark, becomes in ((found.done, "[x]", "done"), (found.reopened, "[ ]", "reopened")):
        for number in numbers:
            title = one_line(found.titles.get(number, ""))
            print(f"  {mark} {number} {title} {paint(f'→ {becomes}', 'yellow', stream=sys.stderr)}", file=sys.stderr)
    if found.unknown:
        print(f"  {', '.join(found.unknown)}: ticked, but not approved; left out.", file=sys.stderr)
    if yes or not (found.done or found.reopened):
        return
    if sys.stdin.isatty() and sys.stderr.isatty():
        click.confirm("Record this?", abort=True, err=True)
        return
    words = ["orch", "task", "sync", phase, "--yes", *(["--force"] if force else ())]
    words += ["--reason", reason] if reason else []
    words += ["--actor", asked.actor] if asked.actor else []
    words += ["--actor-kind", asked.actor_kind] if asked.actor_kind else []
    parts = [
        f"{verb} {', '.join(numbers)}"
        for verb, numbers in (("finish", found.done), ("reopen", found.reopened))
        if numbers
    ]
    raise InvalidInput(
        f"{phase}: the boxes on disk would {' and '.join(parts)}; away from a terminal --yes has to say that it is"
        " meant.",
        fix=(shlex.join(words),),
    )

"""orch task sync: record the boxes that were ticked by hand."""

import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import click
import typer

from cli.arguments import PhaseId
from cli.options import Asked, writing
from cli.project import opened
from cli.screen import can_be_asked, one_line, paint
from cli.task_work import Force
from cli.writes import carry_out
from domain.errors import InvalidInput
from domain.phase_ids import checked
from usecases.project import Project
from usecases.task_boxes import Boxes, boxes_on_disk

if TYPE_CHECKING:
    from domain.commands import SyncTasks

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; away from a terminal there is nobody to ask.")]
Why = Annotated[str, typer.Option("--reason", help="Why boxes were emptied; with --force, why tasks need not wait.")]


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
            found = boxes_on_disk(project, phase)
            _sure(asked, phase, found, yes=yes, force=force, reason=reason)
        touched.extend((*found.done, *found.reopened))
        return SyncTasks(project.meta(asked), phase, found.done, found.reopened, force, reason)

    with opened(to_write=True) as project:
        carry_out(project, asked, phase, lambda: command(project), boxes=touched)


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
    if can_be_asked():
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

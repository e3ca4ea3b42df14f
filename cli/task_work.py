"""orch task start, done, reopen and assign: what is done about tasks."""

from typing import Annotated, Optional

import typer

from cli.arguments import PhaseId, Reason
from cli.options import Asked, writing
from cli.project import opened
from cli.writes import carry_out
from domain.errors import InvalidInput
from usecases.task_words import TYPED, numbers_in

Numbers = Annotated[list[str], typer.Argument(metavar="TASK...", help="Numbers of tasks, such as T001 T002.")]
Note = Annotated[str, typer.Option("--note", help="What there is to say about the result.")]
Force = Annotated[bool, typer.Option("--force", help="Out of turn; needs --reason and shows in every report.")]
ForceReason = Annotated[str, typer.Option("--reason", help="Why it need not wait; goes with --force.")]
To = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--to", metavar="NAME", help="The name of whoever does them."),
]
Nobody = Annotated[bool, typer.Option("--to-nobody", help="Take them away from whoever has them.")]


@writing
def start(asked: Asked, phase: PhaseId, tasks: Numbers, force: Force = False, reason: ForceReason = "") -> None:
    """Begin to work on tasks; each may begin once those it waits for are done.

    Example: orch task start st01-audio-engine T002

    Next: orch task done PHASE T001
    """
    numbers = numbers_in(phase, tasks)
    with opened(to_write=True) as project:
        from domain.commands import StartTasks

        carry_out(project, asked, phase, lambda: StartTasks(project.meta(asked), phase, numbers, force, reason))


@writing
def done(
    asked: Asked, phase: PhaseId, tasks: Numbers, note: Note = "", force: Force = False, reason: ForceReason = ""
) -> None:
    """Record that tasks are done, all of them or none; their boxes in tasks.md are ticked.

    Example: orch task done st01-audio-engine T001 --note "8 ms measured"

    Next: orch next
    """
    numbers = numbers_in(phase, tasks)
    with opened(to_write=True) as project:
        from domain.commands import CompleteTasks

        def command() -> CompleteTasks:
            return CompleteTasks(project.meta(asked), phase, numbers, note, force, reason)

        carry_out(project, asked, phase, command, boxes=numbers)


@writing
def reopen(asked: Asked, phase: PhaseId, tasks: Numbers, reason: Reason = "") -> None:
    """Record that tasks which were started or done are still to be done; what rests on them stays as it is.

    Example: orch task reopen st01-audio-engine T001 --reason "It clicks"

    Next: orch task list PHASE
    """
    numbers = numbers_in(phase, tasks)
    with opened(to_write=True) as project:
        from domain.commands import ReopenTasks

        def command() -> ReopenTasks:
            return ReopenTasks(project.meta(asked), phase, numbers, reason)

        carry_out(project, asked, phase, command, boxes=numbers)


@writing
def assign(asked: Asked, phase: PhaseId, tasks: Numbers, to: To = None, to_nobody: Nobody = False) -> None:
    """Give tasks to somebody, by name, or with --to-nobody take them away.

    Example: orch task assign st01-audio-engine T002 --to grace

    Next: orch task list PHASE --mine
    """
    numbers = numbers_in(phase, tasks)
    if (to is None) != to_nobody or (to is not None and not to.strip()):
        raise InvalidInput(
            "Say whose the tasks are: --to NAME, or --to-nobody.",
            fix=(f"orch task assign {phase} {numbers[0] if TYPED.fullmatch(numbers[0]) else 'T001'} --to ada",),
        )
    with opened(to_write=True) as project:
        from domain.commands import AssignTasks

        carry_out(project, asked, phase, lambda: AssignTasks(project.meta(asked), phase, numbers, to or ""))

"""orch reopen, handoff, archive and retitle: the course of a phase."""

from typing import Annotated

import typer

from cli.arguments import PhaseId, Reason, StepName, text_or_refuse
from cli.options import Asked, writing
from cli.project import opened
from cli.writes import carry_out
from domain.steps import STEPS
from usecases.gate import refuse_edited
from usecases.project import Project

Comments = Annotated[str, typer.Option("--comments", help="What the next people should know.")]
Title = Annotated[str, typer.Argument(metavar="TITLE", help="The new title.")]


@writing
def reopen(asked: Asked, phase: PhaseId, step: StepName, reason: Reason = "") -> None:
    """Withdraw the approval of a step; every later drafted step becomes stale.

    Example: orch reopen st01-audio-engine spec --reason "A third layer"

    Next: draft the step again, then orch reconfirm what still holds
    """
    with opened(to_write=True) as project:
        from domain.commands import ReopenStep

        carry_out(project, asked, phase, lambda: ReopenStep(project.meta(asked), phase, step, reason))


@writing
def handoff(asked: Asked, phase: PhaseId, comments: Comments = "") -> None:
    """Hand a phase over to implementation, once its five documents are approved and nothing stands in the way.

    Example: orch handoff st01-audio-engine --comments "Begin with T001"

    Next: orch history PHASE
    """
    with opened(to_write=True) as project:
        from domain.commands import HandOff

        def command(project: Project) -> HandOff:
            for step in STEPS:
                refuse_edited(project, asked.command_id, phase, step)
            return HandOff(project.meta(asked), phase, comments)

        carry_out(project, asked, phase, lambda: command(project), occasion="handoff")


@writing
def archive(asked: Asked, phase: PhaseId, reason: Reason = "") -> None:
    """Make a phase read-only, for good.

    Example: orch archive st02-user-interface --reason "Nobody needs it"

    Next: orch list
    """
    with opened(to_write=True) as project:
        from domain.commands import ArchivePhase

        carry_out(project, asked, phase, lambda: ArchivePhase(project.meta(asked), phase, reason))


@writing
def retitle(asked: Asked, phase: PhaseId, title: Title) -> None:
    """Give a phase another title; its id stays.

    Example: orch retitle st01-audio-engine "The audio engine"

    Next: orch status PHASE
    """
    text_or_refuse(title, "TITLE")
    with opened(to_write=True) as project:
        from domain.commands import RetitlePhase

        carry_out(project, asked, phase, lambda: RetitlePhase(project.meta(asked), phase, title))

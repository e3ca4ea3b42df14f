"""orch request: ask for a verdict."""

from cli.arguments import PhaseId, StepName
from cli.options import Asked, writing
from cli.project import opened
from cli.writes import carry_out


@writing
def request(asked: Asked, phase: PhaseId, step: StepName) -> None:
    """Ask (again) for a verdict, for example after a request expired.

    Example: orch request st01-audio-engine spec

    Next: orch approve PHASE STEP
    """
    with opened(to_write=True) as project:
        from domain.commands import RequestApproval

        carry_out(project, asked, phase, lambda: RequestApproval(project.meta(asked), phase, step))

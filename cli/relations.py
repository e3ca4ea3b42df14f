"""orch depend, block and unblock: what stands between a phase and its handoff."""

from typing import Annotated

import typer

from cli.arguments import PhaseId, Reason, text_or_refuse
from cli.options import Asked, writing
from cli.project import opened
from cli.writes import carry_out
from domain.errors import InvalidInput
from domain.phase_ids import checked

On = Annotated[str, typer.Option("--on", metavar="PHASE", help="The phase to wait for.")]
Remove = Annotated[bool, typer.Option("--remove", help="Stop waiting for it.")]
Kind = Annotated[
    str,
    typer.Option(
        "--type",
        help="dependency_missing, user_approval_pending, validation_error, resource_unavailable"
        " or hierarchical_violation.",
    ),
]
Description = Annotated[str, typer.Argument(metavar="TEXT", help="What stands in the way.")]
BlockerId = Annotated[str, typer.Argument(metavar="BLOCKER", help="Its number, such as B1.")]


@writing
def depend(asked: Asked, phase: PhaseId, on: On, remove: Remove = False) -> None:
    """Let a phase wait for another one before its handoff.

    Example: orch depend st02-user-interface --on st01-audio-engine

    Next: orch why PHASE
    """
    checked(on)
    with opened(to_write=True) as project:
        from domain.commands import AddDependency, RemoveDependency

        kind = RemoveDependency if remove else AddDependency
        carry_out(project, asked, phase, lambda: kind(project.meta(asked), phase, on))


@writing
def block(asked: Asked, phase: PhaseId, text: Description, kind: Kind = "resource_unavailable") -> None:
    """Record what stands in the way of a phase; it cannot be handed off until that is resolved.

    Example: orch block st01-audio-engine "No sound card to measure with"

    Next: orch unblock PHASE B1
    """
    text_or_refuse(text, "TEXT")
    with opened(to_write=True) as project:
        from domain.commands import BlockPhase
        from domain.phase_events import BlockerType

        if kind not in list(BlockerType):
            raise InvalidInput(
                f"A blocker's type is one of {', '.join(BlockerType)}; got {kind[:40]!r}.",
                fix=(f'orch block {phase} "what stands in the way" --type resource_unavailable',),
            )
        carry_out(project, asked, phase, lambda: BlockPhase(project.meta(asked), phase, BlockerType(kind), text))


@writing
def unblock(asked: Asked, phase: PhaseId, blocker: BlockerId, reason: Reason = "") -> None:
    """Record that a blocker is out of the way.

    Example: orch unblock st02-user-interface B1 --reason "It arrived"

    Next: orch status PHASE
    """
    with opened(to_write=True) as project:
        from domain.commands import UnblockPhase

        carry_out(project, asked, phase, lambda: UnblockPhase(project.meta(asked), phase, blocker, reason))

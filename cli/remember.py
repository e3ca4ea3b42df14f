"""orch remember: directives, which people and agents have to keep in mind."""

from typing import TYPE_CHECKING, Annotated, Optional

import typer

from cli.arguments import Reason, phases_known
from cli.options import Asked, writing
from cli.project import opened
from cli.writes import report
from domain.errors import InvalidInput
from domain.phase_ids import checked
from domain.project_state import Level
from usecases.remembering import handled_again

if TYPE_CHECKING:
    from domain.commands import Command

Text = Annotated[
    Optional[str],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Argument(metavar="[TEXT]", help="What must be kept in mind."),
]
LevelName = Annotated[Level, typer.Option("--level", help="How much it weighs.")]
About = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--phase", metavar="PHASE", help="Only for this phase.", autocompletion=phases_known),
]
Forget = Annotated[
    Optional[int],  # noqa: UP045  # as above
    typer.Option("--forget", metavar="NUMBER", help="Take a directive back; needs --reason. Its event stays."),
]


@writing
def remember(
    asked: Asked,
    text: Text = None,
    level: LevelName = Level.STANDARD,
    phase: About = None,
    forget: Forget = None,
    reason: Reason = "",
) -> None:
    """Record a directive for everybody who works on the project, or take one back.

    Example: orch remember "No allocation in the audio thread" --level critical

    Next: orch context
    """
    if (text is None) == (forget is None):
        raise InvalidInput(
            "Give either the text of a directive or --forget with the number of one.",
            fix=('orch remember "what must be kept in mind"', 'orch remember --forget 1 --reason "why"'),
        )
    if phase is not None:
        checked(phase)
    if forget is not None:
        from adapters.actor import refuse_guessed_kind

        refuse_guessed_kind(asked.actor_kind, command=f"orch remember --forget {forget} --reason 'why'")
    with opened(to_write=True) as project:
        from domain.commands import ForgetDirective, RememberDirective

        meta = project.meta(asked)
        command: Command
        if forget is not None:
            command = ForgetDirective(meta, forget, reason)
        else:
            command = RememberDirective(meta, text or "", level, phase)
        report(project, asked, handled_again(project, command), then="orch context")

"""The arguments that many commands take."""

from typing import Annotated

import typer

from domain.errors import InvalidInput
from domain.phase_ids import PREFIX
from domain.steps import Step


def phases_known(incomplete: str) -> list[str]:
    """Return the phases whose ids begin so, for the shell's completion; silent where there is no project."""
    from cli.project import opened
    from domain.errors import Refusal

    try:
        with opened() as project:
            return [stream.removeprefix(PREFIX) for stream in project.log.heads_below(PREFIX + incomplete)[1]]
    except Refusal:
        return []


PhaseId = Annotated[
    str, typer.Argument(metavar="PHASE", help="A phase, such as st01-audio-engine.", autocompletion=phases_known)
]
StepName = Annotated[Step, typer.Argument(metavar="STEP", help="spec, research, plan, prd or tasks.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in words; it stays in the record.")]


def text_or_refuse(text: str, option: str) -> str:
    """Return a text that may not be empty."""
    if not text.strip():
        raise InvalidInput(f"{option} needs some words.")
    return text

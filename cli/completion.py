"""orch completion: complete commands, options and phases in the shell."""

from typing import Annotated

import click
import typer
from click.shell_completion import get_completion_class

from domain.errors import InvalidInput

SHELLS = ("bash", "zsh", "fish")

Shell = Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]


def completion(shell: Shell) -> None:
    """Print the completion script of a shell.

    For bash: orch completion bash > ~/.local/share/bash-completion/completions/orch
    """
    make = get_completion_class(shell) if shell in SHELLS else None
    if make is None:
        raise InvalidInput(
            f"There is completion for {', '.join(SHELLS)}; got {shell[:30]!r}.", fix=("orch completion bash",)
        )
    print(make(click.get_current_context().find_root().command, {}, "orch", "_ORCH_COMPLETE").source())

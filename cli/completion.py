"""orch completion: complete commands, options and phases in the shell."""

from typing import Annotated

import typer
from typer._completion_shared import get_completion_script  # where Typer keeps what its --show-completion prints

from domain.errors import InvalidInput

SHELLS = ("bash", "zsh", "fish")

Shell = Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]


def completion(shell: Shell) -> None:
    """Print the completion script of a shell.

    For bash: orch completion bash > ~/.local/share/bash-completion/completions/orch

    Example: orch completion bash
    """
    if shell not in SHELLS:
        raise InvalidInput(
            f"There is completion for {', '.join(SHELLS)}; got {shell[:30]!r}.", fix=("orch completion bash",)
        )
    print(get_completion_script(prog_name="orch", complete_var="_ORCH_COMPLETE", shell=shell))

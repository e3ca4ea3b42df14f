"""Whether a line that a refusal offers is one that `orch` understands."""

import shlex
from functools import cache

import click
import pytest

from cli.main import program


@cache
def understood(line: str) -> bool:
    """Parse a line as `orch` would, without running it; raises what click says about a line it cannot read."""
    first, *words = shlex.split(line)
    assert first == "orch", f"not a command of ours: {line}"
    with pytest.MonkeyPatch.context() as there:
        there.delenv("ORCHESTRATOR_URL", raising=False)  # it may be one that is typed where the log is
        return _parsed(words, line)


def _parsed(words: list[str], line: str) -> bool:
    command, name, context = program(), "orch", None
    while isinstance(command, click.Group):
        context = click.Context(command, info_name=name, parent=context)
        words = click.Command.parse_args(command, context, words)
        found, inner, words = command.resolve_command(context, words)
        assert inner is not None, f"no such command: {line}"
        command, name = inner, found or name
    with command.make_context(name, words, parent=context):
        return True

"""The options before the command: settings that are stronger than the environment and the file."""

from pathlib import Path

import click

from domain.errors import InvalidInput

OPTIONS = (
    ("--config", "FILE", "Settings (.toml, .json) instead of .orch/config.toml."),
    ("--state-dir", "DIR", "Where the store and its keys are."),
    ("--template-dir", "DIR", "Where the project's own templates are."),
)


def options() -> list[click.Parameter]:
    """Return the options as click has them."""
    return [click.Option([option], metavar=metavar, help=text) for option, metavar, text in OPTIONS]


def flags() -> dict[str, str]:
    """Return what was given of them, by the names of the settings; paths are relative to the current folder."""
    context = click.get_current_context(silent=True)
    given = context.find_root().params if context else {}
    found = {}
    for option, _, _ in OPTIONS:
        name = option.removeprefix("--").replace("-", "_")
        if given.get(name):
            if "\x00" in given[name]:
                raise InvalidInput(f"{option} holds a NUL character.")
            found[name] = str(Path(given[name]).absolute())
    return found

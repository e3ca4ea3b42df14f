"""A command as it was typed, for the line that mends it."""

from shlex import quote
from typing import Any


def typed(command: str, options: dict[str, Any]) -> str:
    """Return a command with the options that were given: by their names, in the order they are to stand."""
    words = [command]
    for option, value in options.items():
        if isinstance(value, bool):
            words += [option] if value else []
        elif isinstance(value, list | tuple):
            words += [f"{option} {quote(each)}" for each in value]
        elif value:
            words.append(f"{option} {quote(str(value))}")
    return " ".join(words)

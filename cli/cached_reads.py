"""What is said about a cache."""

import sys

from cli.screen import one_line, paint

_said: set[str] = set()
"""What this process has warned about."""


def warn_once(trouble: str) -> None:
    """Tell the troubles of a cache, each once."""
    if trouble not in _said:
        _said.add(trouble)
        mark = paint("!", "yellow", stream=sys.stderr)
        print(f"{mark} {one_line(trouble)} The log was read instead.", file=sys.stderr)

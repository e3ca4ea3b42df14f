"""The options that the recoveries share."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from domain.errors import InvalidInput

SALVAGE = "orch recover salvage --out salvaged"
"""What saves all that is left of a damaged store, backups included."""


def path_of(words: str) -> Path:
    """Return the path that words name. Raises `InvalidInput` for what can name none."""
    if not words or "\x00" in words:
        raise InvalidInput("A path has to have a name, without a NUL character in it.")
    return Path(words)


To = Annotated[
    str,
    typer.Option(
        "--to", metavar="T", help="2026-11-24T14:00:00Z, position:N, checkpoint:FILE, point:NAME, or now: all there is."
    ),
]
FromBackups = Annotated[
    Optional[Path],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option(
        "--from-backups",
        metavar="DIR",
        parser=path_of,
        help="Take the events from backups alone; the store may be gone.",
    ),
]
Identity = Annotated[
    Optional[Path],  # noqa: UP045  # as above
    typer.Option("--identity", metavar="FILE", parser=path_of, help="The age identity that opens encrypted backups."),
]

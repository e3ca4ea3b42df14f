"""The options that the recoveries share."""

from pathlib import Path
from typing import Annotated, Optional

import typer

To = Annotated[
    str,
    typer.Option(
        "--to", metavar="T", help="2026-11-24T14:00:00Z, position:N, checkpoint:FILE, point:NAME, or now: all there is."
    ),
]
FromBackups = Annotated[
    Optional[Path],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--from-backups", metavar="DIR", help="Take the events from backups alone; the store may be gone."),
]
Identity = Annotated[
    Optional[Path],  # noqa: UP045  # as above
    typer.Option("--identity", metavar="FILE", help="The age identity that opens encrypted backups."),
]

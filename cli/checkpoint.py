"""orch audit checkpoint: sign what the log holds, so that nobody can rewrite it unseen."""

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from cli import exits
from cli.answers import answer
from cli.options import Asked, plain
from cli.project import opened
from cli.screen import clean, paint
from cli.stamping import say_stamp
from usecases.checkpointing import checkpoint as signed
from usecases.checkpointing import elsewhere

Anchor = Annotated[
    Optional[Path],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--anchor", metavar="FILE", help="Append the checkpoint to this file too, on another machine's disk."),
]


Timestamp = Annotated[
    Optional[str],  # noqa: UP045  # as above
    typer.Option("--timestamp", metavar="URL", help="Ask this authority when the checkpoint existed (RFC 3161)."),
]


@plain
def checkpoint(asked: Asked, anchor_file: Anchor = None, timestamp: Timestamp = None) -> None:
    """Sign the log's tree head and print the signed note. Give it to somebody who does not own this store.

    With --timestamp (or the setting checkpoints.timestamp_url) an authority's time stamp is kept beside it. Exit 8: it
    is signed and printed, but there is no time stamp; repeat the command.

    Example: orch audit checkpoint --anchor checkpoints.txt

    Next: orch audit checkpoint > held.txt
    """
    with opened() as project:
        data = signed(project, *elsewhere(project, anchor_file, timestamp))
        by_service = project.far is not None
    for key in data["not_signed_by"]:
        print(paint(f"The private half of {clean(key)} is not here; it does not sign.", "yellow"), file=sys.stderr)
    answer("audit.checkpoint", data, as_json=asked.json, show=lambda: print(data["note"], end=""))
    stamp = data["timestamp"]
    if stamp is not None and not say_stamp(stamp, by_service=by_service):
        raise typer.Exit(exits.UNAVAILABLE)

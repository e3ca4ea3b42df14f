"""orch audit checkpoint: sign what the log holds, so that nobody can rewrite it unseen."""

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from adapters.checkpoint_files import anchor
from adapters.settings_file import settings_of
from cli import exits
from cli.answers import answer
from cli.given import flags
from cli.options import Asked, plain
from cli.project import opened
from cli.screen import clean, paint
from cli.stamping import refuse_no_stamps, say_stamp, told_stamp
from usecases.project import Project
from usecases.signed_head import signed_head

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
        anchor_file, url = _elsewhere(project, anchor_file, timestamp)
        if url:
            refuse_no_stamps(url)
        head = signed_head(project)
        files = project.checkpoints
        path = files.keep(head.size, head.note)
        if anchor_file is not None:
            anchor(anchor_file, head.note)
    stamp = told_stamp(files, head.size, head.note, url) if url else None
    for key in head.missing:
        print(paint(f"The private half of {clean(key)} is not here; it does not sign.", "yellow"), file=sys.stderr)
    data = {
        "origin": project.log.origin,
        "size": head.size,
        "root": head.root.hex(),
        "note": head.note.decode(),
        "signed_by": head.signed_by,
        "not_signed_by": head.missing,
        "file": str(path),
        "anchor": str(anchor_file) if anchor_file else None,
        "timestamp": stamp,
    }
    answer("audit.checkpoint", data, as_json=asked.json, show=lambda: print(head.note.decode(), end=""))
    if stamp is not None and not say_stamp(stamp):
        raise typer.Exit(exits.UNAVAILABLE)


def _elsewhere(project: Project, anchor_file: Path | None, timestamp: str | None) -> tuple[Path | None, str | None]:
    """Return the anchor and the authority: those that were named, or those of the settings."""
    names = ("checkpoints.anchor", "checkpoints.timestamp_url")
    known = settings_of(names, project.places.settings, flags=flags())
    anchor_name, url = (value.value for value in known.values())
    if anchor_file is None and anchor_name:
        anchor_file = project.places.root / str(anchor_name)
    return anchor_file, timestamp or (str(url) if url else None)

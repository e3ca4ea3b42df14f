"""orch backup create: add what is new to the backups."""

import os
import sys
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.backup_addresses import is_address
from adapters.checkpoint_files import CheckpointFiles
from cli.answers import answer
from cli.backup_options import RecipientWords, To
from cli.backup_project import author_of, logs_of, target_of
from cli.options import Asked, plain
from cli.project import opened
from cli.screen import clean, paint
from usecases.project import Project

if TYPE_CHECKING:
    from adapters.backup_manifests import Manifest
    from adapters.backup_storage import Storage
    from adapters.backup_writing import BackupWriter
    from cli.backup_answers import BackupMade

Full = Annotated[bool, typer.Option("--full", help="Begin a new copy with everything, not only what is new.")]


@plain
def create(asked: Asked, to: To = None, recipient: RecipientWords = None, full: Full = False) -> None:
    """Add what is new to the backups, sealed by a signed checkpoint. Nothing new is no mistake.

    With --recipient, or the setting backup.recipients, backups are encrypted; otherwise they are plain text.

    Example: orch backup create --to backups

    Next: orch backup verify
    """
    with opened() as project:
        data = made_now(project, to, recipient, full=full)
    answer("backup.made", data, as_json=asked.json, show=lambda: show_made(data))


def made_now(project: Project, to: str | None, recipient: list[str] | None, *, full: bool = False) -> "BackupMade":
    """Add what is new, and keep the checkpoint that seals it."""
    from adapters.backup_files import archive_of
    from adapters.backup_writing import BackupWriter
    from cli.backup_adding import add_new
    from cli.progress import Progress

    author = author_of(project, recipient)
    storage = target_of(project.places, to)
    warn(project, storage, encrypted=bool(author.recipients.words))
    writer = BackupWriter(storage, author)
    with writer.turn(), Progress(project.log.moment().position - (0 if full else writer.last)) as progress:
        if not full:
            warn_of_plain(writer)
        files = archive_of(project.places, logs_of(project.places), now_ns=time_ns())
        made = add_new(project.log, writer, full=full, files=files, done=progress.advance)
        if made:
            CheckpointFiles(project.places.checkpoints).keep(made[-1].last, made[-1].checkpoint.encode())
        return made_of(writer, made)


def made_of(writer: "BackupWriter", made: "list[Manifest]") -> "BackupMade":
    """Return what was added."""
    files = [each for m in made for each in ((m.segment, m.files) if m.files else (m.segment,))]
    return {
        "folder": writer.storage.where,
        "copy": writer.copy.name,
        "first": made[0].first if made else None,
        "last": writer.last,
        "events": sum(m.last - m.first + 1 for m in made),
        "files": [file.name for file in files],
        "bytes": sum(file.size for file in files),
        "encrypted": bool(writer.copy.manifests[-1].recipients),
        "recipients": list(writer.copy.manifests[-1].recipients),
        "root": writer.copy.manifests[-1].root.hex(),
    }


def warn(project: Project, storage: "Storage", *, encrypted: bool) -> None:
    """Say what these backups do not protect from."""
    if not encrypted:
        say("These backups are plain text: anybody who can read them there can read every document.")
    if is_address(storage.where):
        return
    folder = Path(storage.where)
    around = next(place for place in (folder, *folder.parents) if place.exists())
    if os.stat(around).st_dev == os.stat(project.places.state).st_dev:
        say(f"{folder} is on the disk that holds the store; what takes one takes both.")


def warn_of_plain(writer: "BackupWriter") -> None:
    """Say that what is encrypted from now on was not before: the copy that is added to can still be read in part."""
    if not writer.author.recipients.words or not writer.last:
        return
    plain = writer.plain_segments()
    if plain:
        say(
            f"{writer.copy.name} still holds {len(plain)} plain text segment{'s' if len(plain) > 1 else ''}, up to"
            f" position {plain[-1]}; a copy that is encrypted as a whole begins with: orch backup create --full"
        )


def say(sentence: str) -> None:
    """Print a warning."""
    print(paint(clean(sentence), "yellow", stream=sys.stderr), file=sys.stderr)


def show_made(data: "BackupMade") -> None:
    """Print what was added, in words."""
    where = f"{clean(data['folder'])} ({data['copy']})"
    if data["first"] is None:
        print(f"nothing is new: {where} holds all {data['last']} events")
        return
    how = f"encrypted to {len(data['recipients'])}" if data["encrypted"] else "plain text"
    print(f"{paint('✓', 'green')} positions {data['first']} to {data['last']} are in {where}")
    print(f"  {data['events']:,} events, {data['bytes']:,} bytes in {len(data['files'])} files, {how}")
    print(f"  root {data['root']}")

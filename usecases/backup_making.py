"""Add what is new to the backups, and say what they do not protect from."""

import os
from collections.abc import Callable
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, TypeAlias

from adapters.backup_addresses import is_address
from adapters.checkpoint_files import CheckpointFiles
from usecases.backup_places import logs_of
from usecases.project import Project

if TYPE_CHECKING:
    from adapters.backup_author import Author
    from adapters.backup_manifests import Manifest
    from adapters.backup_storage import Storage
    from adapters.backup_writing import BackupWriter
    from usecases.backup_answers import BackupMade
    from usecases.backup_once import Once

Say: TypeAlias = Callable[[str], None]


def backed_up(
    project: Project,
    storage: "Storage",
    author: "Author",
    *,
    full: bool = False,
    is_wanted: "Callable[[BackupWriter], bool]" = lambda _: True,
    once: "Once | None" = None,
) -> "BackupMade":
    """Add what is new, or begin a copy with everything; keep the checkpoint that seals it.

    `is_wanted` is asked, while nobody else adds, whether what is there leaves a copy with everything to be made.
    `once` knows what was made under the key of the request, and answers in its place.
    """
    from adapters.backup_files import archive_of
    from adapters.backup_writing import BackupWriter
    from usecases.backup_adding import add_new

    warnings: list[str] = []
    warn(project, storage, encrypted=bool(author.recipients.words), say=warnings.append)
    writer = BackupWriter(storage, author)
    with writer.turn():
        if once is not None and (known := once.known(writer)) is not None:
            return known
        full = full and is_wanted(writer)
        total = project.log.moment().position - (0 if full else writer.last)
        with project.metering(total, "events") as progress:
            if not full:
                warn_of_plain(writer, say=warnings.append)
            files = archive_of(project.places, logs_of(project.places, project.given), now_ns=time_ns())
            made = add_new(project.log, writer, full=full, files=files, done=progress.advance)
            if made:
                CheckpointFiles(project.places.checkpoints).keep(made[-1].last, made[-1].checkpoint.encode())
            found = made_of(writer, made, warnings)
            if once is not None:
                once.remember(found)
            return found


def made_of(writer: "BackupWriter", made: "list[Manifest]", warnings: list[str]) -> "BackupMade":
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
        "warnings": warnings,
    }


def warn(project: Project, storage: "Storage", *, encrypted: bool, say: Say) -> None:
    """Say what these backups do not protect from."""
    if not encrypted:
        say("These backups are plain text: anybody who can read them there can read every document.")
    if is_address(storage.where):
        return
    folder = Path(storage.where)
    around = next(place for place in (folder, *folder.parents) if place.exists())
    if os.stat(around).st_dev == os.stat(project.places.state).st_dev:
        say(f"{folder} is on the disk that holds the store; what takes one takes both.")


def warn_of_plain(writer: "BackupWriter", *, say: Say) -> None:
    """Say that what is encrypted from now on was not before: the copy that is added to can still be read in part."""
    if not writer.author.recipients.words or not writer.last:
        return
    plain = writer.plain_segments()
    if plain:
        say(
            f"{writer.copy.name} still holds {len(plain)} plain text segment{'s' if len(plain) > 1 else ''}, up to"
            f" position {plain[-1]}; a copy that is encrypted as a whole begins with: orch backup create --full"
        )

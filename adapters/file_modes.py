"""Which of a project's files others than their owner may look into."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from adapters.places import Places

FOLDERS = ("keys", "checkpoints", "locks", "rescued", "cache", "backups", "tokens")
SECRETS = ("keys", "checkpoints")
"""Folders whose files are for their owner only, one by one."""


def open_to_others(places: Places) -> list[tuple[Path, int]]:
    """Return what should be 0700 or 0600 and is not, with its permission bits."""
    found = []
    for path in _private(places):
        try:
            mode = os.lstat(path).st_mode
        except FileNotFoundError:
            continue
        if not stat.S_ISLNK(mode) and mode & 0o077:
            found.append((path, stat.S_IMODE(mode)))
    return found


def _private(places: Places) -> Iterator[Path]:
    yield places.state
    yield from (places.state / name for name in FOLDERS)
    yield from (places.log.with_name(f"{places.log.name}{end}") for end in ("", "-wal", "-shm", "-writers"))
    for name in SECRETS:
        folder = places.state / name
        if folder.is_dir():
            yield from sorted(folder.iterdir())

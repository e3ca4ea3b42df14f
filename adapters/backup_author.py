"""Who makes backups, and how their files reach the disk: whole, durable, under their name at once."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from adapters.backup_manifests import Sign
from adapters.backup_packing import Recipients
from adapters.backup_target import read_file
from adapters.durable import sync
from adapters.new_files import new_file


class Author(NamedTuple):
    """Who makes backups of which log, and for whom."""

    origin: str
    keys: tuple[str, ...]
    """As in a manifest."""
    sign: Sign
    recipients: Recipients
    clock: Callable[[], int]
    """µs since the epoch."""


def write(path: Path, data: bytes, *, replace: bool = False) -> None:
    """Write one file; it is there as a whole, and stays, when this returns."""
    with new_file(path, replace=replace) as opened:
        opened.write(data)
    sync(path.parent)


def linked(path: Path, new: Path) -> None:
    """Give a file a second name, or copy it where the file system has no such thing."""
    try:
        os.link(path, new)
    except OSError:
        write(new, read_file(path))
    else:
        sync(new.parent)

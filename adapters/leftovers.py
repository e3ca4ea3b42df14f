"""What commands that were cut off have left behind."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from adapters.new_folders import alone_in, left_in
from adapters.places import Places
from adapters.sqlite_creation import BESIDE

PART = re.compile(r"\..+\.([0-9]{1,9})\.part")
"""`.name.PROCESS.part`: a file that was being written."""
NEW = re.compile(r"\..+\.[0-9a-f]{16}\.new(-wal|-shm)?")
"""A log that was being made."""


def parts(places: Places) -> list[Path]:
    """Return half-written files of processes that are gone."""
    return sorted(path for folder in (places.state, places.root / "dev") for path in _files(folder) if _is_left(path))


def unfinished_in(folder: Path) -> list[Path]:
    """Return folders that processes that are gone have begun to fill."""
    if not folder.is_dir():
        return []
    with alone_in(folder):
        return left_in(folder)


def beside_no_log(places: Places) -> list[Path]:
    """Return what SQLite kept beside a log that is gone: it may hold commands that are nowhere else."""
    if os.path.lexists(places.log):
        return []
    beside = (places.log.with_name(f"{places.log.name}{end}") for end in BESIDE)
    return [path for path in beside if os.path.lexists(path)]


def _files(folder: Path) -> Iterator[Path]:
    for inside, _, names in os.walk(folder):
        yield from (Path(inside, name) for name in names)


def _is_left(path: Path) -> bool:
    part = PART.fullmatch(path.name)
    if part is None:
        return bool(NEW.fullmatch(path.name))
    try:
        os.kill(int(part[1]), 0)  # asks only whether there is such a process
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        pass
    return False

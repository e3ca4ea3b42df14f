"""The checkpoints this project has signed, a file each; what proves anything is the copy that somebody else holds."""

import os
import re
from pathlib import Path
from typing import NamedTuple

from adapters.durable import sync
from adapters.new_files import new_file
from domain.errors import FilesUnavailable

SUFFIX = ".note"
MOST_BYTES = 1_000_001
"""One more than a signed note may have."""
NUMBER = re.compile("0|[1-9][0-9]{0,18}", re.ASCII)


class KeptCheckpoint(NamedTuple):
    """One signed checkpoint of ours."""

    size: int
    """How many events it covers."""
    kept_at: int
    """When the file was written, µs since the epoch by this machine's clock."""
    path: Path


class CheckpointFiles:
    """A folder of signed notes, named after the size of their tree."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def last(self, *, below: int | None = None) -> KeptCheckpoint | None:
        """Return the checkpoint that covers most, of those that cover less than `below` events; None without one."""
        sizes = [size for size in self.sizes() if below is None or size < below]
        if not sizes:
            return None
        path = self._folder / f"{sizes[-1]}{SUFFIX}"
        return KeptCheckpoint(sizes[-1], path.stat().st_mtime_ns // 1000, path)

    def sizes(self) -> list[int]:
        """Return how many events each kept checkpoint covers, the smallest first."""
        try:
            names = [name.removesuffix(SUFFIX) for name in os.listdir(self._folder) if name.endswith(SUFFIX)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise FilesUnavailable(f"{self._folder}: {error.strerror}.") from error
        return sorted(int(name) for name in names if NUMBER.fullmatch(name))

    def read(self, size: int) -> bytes:
        """Return the kept note of a size."""
        path = self._folder / f"{size}{SUFFIX}"
        try:
            with path.open("rb") as file:
                return file.read(MOST_BYTES)
        except OSError as error:
            raise FilesUnavailable(f"{path}: {error.strerror}.") from error

    def keep(self, size: int, note: bytes) -> Path:
        """Keep a signed note, durably and whole."""
        path = self._folder / f"{size}{SUFFIX}"
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            with new_file(path, replace=True) as opened:
                opened.write(note)
            sync(self._folder)
        except OSError as error:
            raise FilesUnavailable(f"{self._folder}: {error.strerror}.") from error
        return path


def anchor(path: Path, note: bytes) -> None:
    """Append a signed note to a file elsewhere, with an empty line between two of them."""
    try:
        file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o644)
        with os.fdopen(file, "ab") as opened:
            opened.write(b"\n" + note if opened.tell() else note)
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error


def notes_of(data: bytes) -> list[bytes]:
    """Return the signed notes in a file: one as it was printed, or several as `anchor` puts them.

    A note is a text, an empty line and its signature lines; so between two notes there is an empty line too.
    """
    parts = data.strip(b"\n").split(b"\n\n") if data.strip(b"\n") else []
    return [b"\n\n".join(parts[at : at + 2]) + b"\n" for at in range(0, len(parts), 2)]

"""The checkpoints this project has signed, a file each; what proves anything is the copy that somebody else holds."""

import os
import re
from pathlib import Path
from typing import NamedTuple

from adapters.durable import sync
from adapters.new_files import new_file
from domain.errors import FilesUnavailable

SUFFIX = ".note"
STAMP = ".tsr"
"""Of a time stamp over the note of the same name (RFC 3161 TimeStampResp, as `openssl ts` reads it)."""
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
        return self._kept(max((size for size in self.sizes() if below is None or size < below), default=None))

    def covering(self, position: int) -> KeptCheckpoint | None:
        """Return the smallest checkpoint that covers a position, or None."""
        return self._kept(min((size for size in self.sizes() if size >= position), default=None))

    def all(self) -> list[KeptCheckpoint]:
        """Return every kept checkpoint, the smallest first."""
        return [kept for size in self.sizes() if (kept := self._kept(size)) is not None]

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

    def _kept(self, size: int | None) -> KeptCheckpoint | None:
        if size is None:
            return None
        path = self._folder / f"{size}{SUFFIX}"
        try:
            return KeptCheckpoint(size, path.stat().st_mtime_ns // 1000, path)
        except OSError as error:
            raise FilesUnavailable(f"{path}: {error.strerror}.") from error

    def keep(self, size: int, note: bytes) -> Path:
        """Keep a signed note, durably and whole."""
        path = self._folder / f"{size}{SUFFIX}"
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            if path.is_file() and path.read_bytes() != note:  # another key signs; the stamp was of the other text
                path.with_suffix(STAMP).unlink(missing_ok=True)
            with new_file(path, replace=True, is_named=False) as opened:
                opened.write(note)
            sync(self._folder)
        except OSError as error:
            raise FilesUnavailable(f"{self._folder}: {error.strerror}.") from error
        return path

    def keep_stamp(self, size: int, answer: bytes) -> Path:
        """Keep a time-stamping authority's whole answer beside the checkpoint of a size."""
        path = self._folder / f"{size}{STAMP}"
        with new_file(path, replace=True, is_named=False) as opened:
            opened.write(answer)
        return path


def anchor(path: Path, note: bytes) -> None:
    """Append a signed note to a file elsewhere, with an empty line between two of them."""
    try:
        # a pipe that nobody reads is refused; waiting for a reader could take for ever
        file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK, 0o644)
        with os.fdopen(file, "ab") as opened:
            opened.write(b"\n" + note if opened.tell() else note)
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error


def is_anchored(path: Path, note: bytes) -> bool:
    """Tell whether a signed note is in a file already."""
    try:
        return path.is_file() and note in path.read_bytes()
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error


def notes_of(data: bytes) -> list[bytes]:
    """Return the signed notes in a file: one as it was printed, or several as `anchor` puts them.

    A note is a text, an empty line and its signature lines; so between two notes there is an empty line too.
    """
    parts = data.strip(b"\n").split(b"\n\n") if data.strip(b"\n") else []
    return [b"\n\n".join(parts[at : at + 2]) + b"\n" for at in range(0, len(parts), 2)]

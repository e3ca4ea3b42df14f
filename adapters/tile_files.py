"""A log as a tree of static files that any web server can serve (C2SP tlog-tiles)."""

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from domain.errors import AlreadyExists, Damaged, FilesUnavailable

WIDTH = 256
"""Hashes, or entries, in a full tile."""
ENTRIES = "entries"
CHECKPOINT = "checkpoint"
LARGEST = WIDTH * (2 + 65_535)
"""Bytes of a bundle of the longest entries; everything else is smaller."""


def tile_path(level: int | str, number: int, width: int = WIDTH) -> str:
    """Return where a tile lies: `tile/<L>/<N>[.p/<W>]`, with <N> in groups of three digits."""
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03}")
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"


def bundle_of(entries: Sequence[bytes]) -> bytes:
    """Return an entry bundle: each entry behind its length, a big-endian uint16."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


class TileFiles:
    """A folder with a checkpoint and its tiles. What a checkpoint there covers is never changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._replaced: list[Path] = []
        self.published = 0
        """How many entries the checkpoint in the folder covers."""
        self.files = self.bytes = 0
        """How much was written."""

    def checkpoint(self) -> bytes | None:
        """Return the signed note in the folder, or None where nothing was published yet."""
        return self._read(self._folder / CHECKPOINT)

    def has_entries(self, number: int) -> bool:
        """Tell whether a full bundle of entries is there and was published."""
        return (number + 1) * WIDTH <= self.published and (self._folder / tile_path(ENTRIES, number)).is_file()

    def put(self, level: int | str, number: int, width: int, data: bytes) -> None:
        """Write a tile, unless it is there already. Raises `Damaged` where a published one is another."""
        path = self._folder / tile_path(level, number, width)
        found = self._read(path)
        if found != data:
            height = 0 if isinstance(level, str) else level
            if found is not None and (number * WIDTH + width) * WIDTH**height <= self.published:
                raise Damaged(
                    f"{path} is another one than the log's, although the checkpoint there covers it: somebody changed"
                    " the file. Export into another folder and compare the two."
                )
            self._write(path, data)
        partial = path.with_name(f"{path.name}.p")
        if width == WIDTH and partial.is_dir():
            self._replaced.append(partial)

    def publish(self, note: bytes) -> None:
        """Let a checkpoint take the place of the one before, once every tile is on the disk."""
        with _spoken(self._folder):
            os.sync()
        self._write(self._folder / CHECKPOINT, note)
        with _spoken(self._folder):
            os.sync()
            for partial in self._replaced:  # allowed from now on: the full tile is there
                shutil.rmtree(partial)

    def _read(self, path: Path) -> bytes | None:
        with _spoken(path):
            try:
                if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would wait
                    raise AlreadyExists(f"{path} is there and is no regular file; name another folder.")
                with path.open("rb") as opened:
                    return opened.read(LARGEST)
            except FileNotFoundError:
                return None

    def _write(self, path: Path, data: bytes) -> None:
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        with _spoken(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                file = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
                with os.fdopen(file, "wb") as opened:
                    opened.write(data)
                os.replace(part, path)
            finally:
                part.unlink(missing_ok=True)
        self.files += 1
        self.bytes += len(data)


@contextmanager
def _spoken(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror or error}.") from error

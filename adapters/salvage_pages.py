"""The pages of a damaged store, read as bytes: no page has to be reached through another one, and nothing is written.

File formats: sqlite.org/fileformat2.html, §1.3 (header), §1.6 (overflow), §4 (WAL).
"""

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

PAGE = 4096
"""What a page has where neither header says so: SQLite's default, which every log is made with."""
SIZES = frozenset(1 << power for power in range(9, 17))
SIZE_AT, WAL_SIZE_AT = 16, 8
WAL_HEAD, FRAME_HEAD = 32, 24
WAL = "-wal"


class Pages:
    """Every version of every page there is: in the file, and in the frames of its WAL, stale ones included."""

    def __init__(self, path: Path) -> None:
        self.refused = 0
        """Reads that the disk refused; zeros stand for what they would have given."""
        self._open = ExitStack()
        self._file, self.bytes = self._opened(path)
        self._wal, self.wal_bytes = self._opened(path.with_name(f"{path.name}{WAL}"))
        self.size = self._page_size()
        self._frames: dict[int, list[int]] = {}
        for at in range(WAL_HEAD, self.wal_bytes, FRAME_HEAD + self.size):
            number = int.from_bytes(self._read(self._wal, at, 4), "big")
            self._frames.setdefault(number, []).append(at + FRAME_HEAD)

    @property
    def count(self) -> int:
        """How many pages `all` yields, about."""
        return (self.bytes + self.wal_bytes) // self.size + 1

    def all(self) -> Iterator[bytes]:
        """Yield what stands in the WAL, the newest first, and then the pages of the file in their order."""
        for at in sorted((at for each in self._frames.values() for at in each), reverse=True):
            yield self._read(self._wal, at, self.size)
        for at in range(0, self.bytes, self.size):
            yield self._read(self._file, at, self.size)

    def versions(self, number: int) -> list[bytes]:
        """Return what a page has been, the newest first."""
        found = [self._read(self._wal, at, self.size) for at in reversed(self._frames.get(number, []))]
        if 0 < number <= self.bytes // self.size:
            found.append(self._read(self._file, (number - 1) * self.size, self.size))
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _opened(self, path: Path) -> tuple[int, int]:
        """Open a file for reading, if it is there and is one; return it and how long it is."""
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return -1, 0
        self._open.callback(os.close, file)
        about = os.fstat(file)
        return (file, about.st_size) if stat.S_ISREG(about.st_mode) else (-1, 0)

    def _page_size(self) -> int:
        said = int.from_bytes(self._read(self._file, SIZE_AT, 2), "big")
        wal = int.from_bytes(self._read(self._wal, WAL_SIZE_AT, 4), "big")
        return next((size for size in (1 << 16 if said == 1 else said, wal) if size in SIZES), PAGE)

    def _read(self, file: int, at: int, size: int) -> bytes:
        if file < 0:
            return b""
        try:
            return os.pread(file, size, at)
        except OSError:
            self.refused += 1
            return bytes(size)

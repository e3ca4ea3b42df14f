"""A log file that is cut at a size: NAME, NAME.1, NAME.2 …; what cannot be written is counted and lost."""

import os
from contextlib import suppress
from pathlib import Path
from time import monotonic

AGAIN_SECONDS = 1.0
"""After a failure nothing is tried for so long: a full disk is not asked a thousand times a second."""


class LogFile:
    """Appends whole lines. Used from one thread only."""

    def __init__(self, path: Path, *, most_bytes: int, files: int) -> None:
        """`files` counts all of them, the one that is written to as well."""
        self._path, self._most, self._files = path, most_bytes, files
        self._file: int | None = None
        self._size, self._is_cut, self._not_before = 0, False, 0.0
        self.lost = 0
        """Lines that could not be written."""

    def write(self, line: bytes) -> None:
        """Append a line; where that cannot be done, it is lost and nobody is told but `lost`."""
        if monotonic() < self._not_before:
            self.lost += 1
            return
        try:
            self._append(line)
        except OSError:
            self.lost += 1
            self._not_before = monotonic() + AGAIN_SECONDS
            self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            with suppress(OSError):
                os.close(self._file)
            self._file = None

    def _append(self, line: bytes) -> None:
        if self._file is None:
            self._open()
        if self._size and self._size + len(line) > self._most:
            self._rotate()
        assert self._file is not None
        if self._is_cut:  # the rest of a line that the disk had no room for is missing
            line = b"\n" + line
        written = os.write(self._file, line)
        self._size += written
        self._is_cut = written < len(line)
        if self._is_cut:
            raise OSError(28, "No space left on device")

    def _open(self) -> None:
        how = os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = os.open(self._path, how, 0o600)
        self._size = os.fstat(self._file).st_size

    def _rotate(self) -> None:
        """Give every file the next number; the last one goes."""
        self.close()
        names = [self._path, *(self._path.with_name(f"{self._path.name}.{n}") for n in range(1, self._files))]
        if len(names) == 1:
            self._path.unlink(missing_ok=True)
        for older, newer in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
            with suppress(FileNotFoundError):
                os.replace(newer, older)
        self._open()

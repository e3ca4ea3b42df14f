"""Read a folder of elsewhere: bounded, never through a symbolic link, and every file accounted for."""

import os
import stat
from collections.abc import Iterator
from errno import ELOOP, ENOTDIR
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from domain.errors import FilesUnavailable, InvalidInput

MOST_FILES = 50_000
MOST_DEPTH = 16
LARGEST = 4 * 1024 * 1024
MOST_BYTES = 256 * 1024 * 1024
"""Of all files that are read for one import."""
SKIPPED = frozenset((".git", ".orch", "node_modules", ".venv", "__pycache__"))
"""Folders that no layout puts documents in."""


class Unreadable(Exception):
    """Why one file is left out, in words that follow its name."""


class LeftOut(NamedTuple):
    """A file that is not imported, and why."""

    path: str
    reason: str


class Found(NamedTuple):
    """A file, by its place below the folder; `reason` says why it is not read, where it is not."""

    path: PurePosixPath
    reason: str | None = None


class Folder:
    """A folder that is read from; nothing outside of it ever is."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._read = 0
        try:
            self._fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            raise InvalidInput(f"{root} is no folder; name the one to import.", fix=("orch import --help",)) from None
        except (OSError, ValueError) as error:
            raise FilesUnavailable(f"{root}: {getattr(error, 'strerror', None) or error}.") from error

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._fd)

    def files(self) -> list[Found]:
        """Return every file below the folder, ordered by name. Raises `InvalidInput` where there are too many."""
        found = []
        for file in self._walk(self._fd, PurePosixPath()):
            found.append(file)
            if len(found) > MOST_FILES:
                raise InvalidInput(
                    f"{self.root} holds more than {MOST_FILES:,} files; name the folder with the documents itself."
                )
        return sorted(found, key=lambda file: file.path.parts)

    def text(self, path: PurePosixPath) -> str:
        """Return what a file says. Raises `Unreadable`."""
        data = self._bytes(path)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Unreadable(f"is not UTF-8 text (byte {error.start})") from None

    def _walk(self, folder: int, at: PurePosixPath) -> Iterator[Found]:
        if len(at.parts) > MOST_DEPTH:
            yield Found(at, f"is more than {MOST_DEPTH} folders deep")
            return
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            yield Found(at, f"cannot be read ({error.strerror})")
            return
        for entry in entries:
            path = at / entry.name
            if not _is_text(entry.name):
                yield Found(PurePosixPath(repr(str(path))), "has a name that is not UTF-8")
            elif entry.is_symlink():
                yield Found(path, "is a symbolic link; links are not followed")
            elif entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED:
                    yield from self._below(folder, entry.name, path)
            elif entry.is_file(follow_symlinks=False):
                yield Found(path)
            else:
                yield Found(path, "is no regular file")

    def _below(self, folder: int, name: str, path: PurePosixPath) -> Iterator[Found]:
        try:
            below = _open(name, os.O_DIRECTORY, folder)
        except OSError as error:
            yield Found(path, f"cannot be read ({error.strerror})")
            return
        try:
            yield from self._walk(below, path)
        finally:
            os.close(below)

    def _bytes(self, path: PurePosixPath) -> bytes:
        """Open each part of the way by itself: a link that somebody puts there meanwhile is not followed either."""
        at = os.dup(self._fd)
        try:
            for part in path.parts:
                last = part is path.parts[-1]
                below = _open(part, os.O_NONBLOCK if last else os.O_DIRECTORY, at)
                os.close(at)
                at = below
            if not stat.S_ISREG(os.fstat(at).st_mode):
                raise Unreadable("is no regular file")
            with os.fdopen(os.dup(at), "rb") as file:
                data = file.read(LARGEST + 1)
        except OSError as error:
            linked = error.errno in (ELOOP, ENOTDIR)
            raise Unreadable(
                "is a symbolic link; links are not followed" if linked else f"cannot be read ({error.strerror})"
            ) from None
        finally:
            os.close(at)
        if len(data) > LARGEST:
            raise Unreadable(f"is larger than {LARGEST // 2**20} MiB")
        self._read += len(data)
        if self._read > MOST_BYTES:
            raise InvalidInput(
                f"{self.root} holds more than {MOST_BYTES // 2**20} MiB of documents; import its folders one by one."
            )
        return data


def _open(name: str, flags: int, folder: int) -> int:
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | flags, dir_fd=folder)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True

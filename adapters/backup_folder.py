"""Backups in a folder: local, or mounted from elsewhere."""

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import join

from adapters.backup_storage import LOCK
from adapters.durable import sync
from adapters.new_files import new_file
from adapters.writers_queue import WritersQueue
from domain.errors import AlreadyExists, FilesUnavailable


class Folder:
    """A folder as a `Storage`. A name is a path below it; a lock on a file in it keeps writers apart."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.where = str(self.path)

    def named(self, name: str) -> str:
        """Return the path of a file."""
        return str(self.path / name)

    def away(self, name: str) -> str:
        """Return the command that moves a file elsewhere."""
        return join(["mv", self.named(name), "/elsewhere"])

    def names(self, folder: str = "", *, begins: str = "", after: str = "") -> dict[str, int]:
        """Return what lies in a folder; a link is what it is, not what it leads to."""
        found: dict[str, int] = {}
        try:
            with os.scandir(self.path / folder) as entries:
                for entry in entries:
                    if entry.name.startswith(begins) and entry.name > after and not entry.name.startswith("."):
                        is_folder = entry.is_dir(follow_symlinks=False)
                        name = f"{entry.name}/" if is_folder else entry.name
                        found[name] = 0 if is_folder else entry.stat(follow_symlinks=False).st_size
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise _spoken(error, self.path / folder) from error
        return found

    def read(self, name: str, *, most: int) -> bytes | None:
        """Return the bytes of a regular file that is no link."""
        path = self.path / name
        try:
            if path.is_symlink() or not path.is_file():
                return None
            with path.open("rb") as opened:
                return opened.read(most + 1)
        except FileNotFoundError:  # it went between the question and the answer
            return None
        except OSError as error:
            raise _spoken(error, path) from error

    def reads(self, names: Sequence[str], *, most: int) -> Iterator[bytes | None]:
        """Yield the bytes of each file; a disk gains nothing by being asked at once."""
        for name in names:
            yield self.read(name, most=most)

    def add(self, name: str, data: bytes) -> None:
        """Write a file that reaches the disk under its name at once."""
        self._write(name, data, replace=False)

    def replace(self, name: str, data: bytes) -> None:
        """Write a file in the place of an old one; whoever reads sees one of the two."""
        self._write(name, data, replace=True)

    def copy(self, name: str, new: str) -> None:
        """Give a file a second name, or copy it where the file system has no such thing."""
        path = self.path / new
        try:
            self._make(path.parent)
            os.link(self.path / name, path)
            sync(path.parent)
        except FileExistsError:
            raise AlreadyExists(f"{path} exists already.") from None
        except OSError:
            self.add(new, (self.path / name).read_bytes())

    def remove(self, name: str) -> None:
        """Remove a file."""
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise _spoken(error, self.path / name) from error

    def remove_folder(self, folder: str) -> None:
        """Remove a folder."""
        try:
            shutil.rmtree(self.path / folder)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise _spoken(error, self.path / folder) from error

    @contextmanager
    def turn(self, *, timeout_s: float) -> Iterator[None]:
        """Take the lock of the folder, and remove files that somebody was writing who was cut off."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _spoken(error, self.path) from error
        with WritersQueue(self.path / LOCK, timeout_s=timeout_s, what="these backups").turn():
            for path in [*self.path.glob(".*.part"), *self.path.glob("*/.*.part")]:
                path.unlink(missing_ok=True)
            yield

    def _write(self, name: str, data: bytes, *, replace: bool) -> None:
        path = self.path / name
        try:
            self._make(path.parent)
            with new_file(path, replace=replace, mode=0o600 | self._shared(), is_named=False) as opened:
                opened.write(data)
            sync(path.parent)
        except OSError as error:
            raise _spoken(error, path) from error

    def _make(self, folder: Path) -> None:
        """Make the folder of a copy; its name reaches the disk before anything lies in it."""
        if not folder.is_dir():
            folder.mkdir(mode=0o700 | (0o050 if self._shared() else 0))
            sync(folder.parent)

    def _shared(self) -> int:
        """Return what the group may do with a file: read it, where whoever made the folder lets the group read it.

        So somebody who may not see the store can verify what was shipped. The umask still counts.
        """
        return stat.S_IMODE(self.path.stat().st_mode) & 0o040


def _spoken(error: OSError, path: Path) -> FilesUnavailable:
    return FilesUnavailable(f"{error.filename or path}: {error.strerror or error}.")

"""A file that somebody asked for: whole or not at all, and never over another one by accident."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from shlex import join
from typing import BinaryIO

from domain.errors import AlreadyExists, FilesUnavailable, InvalidInput


@contextmanager
def new_file(path: Path, *, replace: bool, mode: int = 0o600, is_named: bool = True) -> Iterator[BinaryIO]:
    """Open a file that gets its name when the block ends well; otherwise nothing is left.

    Raises `AlreadyExists` for a file that may not be replaced, and for what is no regular file `InvalidInput`; or
    `FilesUnavailable` where the file is one of ours, which nobody named (`is_named`).
    """
    try:
        if os.path.lexists(path):
            if not is_named:
                refuse_no_file(path)
            _refuse(path, replace=replace)
        part = path.with_name(f".{path.name[:200]}.{os.getpid()}.part")
        file = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    except OSError as error:
        raise _spoken(path, error) from error
    try:
        with os.fdopen(file, "wb", buffering=1 << 16) as opened:
            yield opened
            _settle(opened, part, path, replace=replace)
    except OSError as error:  # a full disk shows while the block writes, too
        raise _spoken(path, error) from error
    finally:
        part.unlink(missing_ok=True)


def refuse_no_file(path: Path) -> None:
    """Refuse what lies in the place of a file of ours and is none: whoever asks did not put it there."""
    if path.is_symlink() or not path.is_file():
        raise FilesUnavailable(
            f"{path} is no regular file; move it away.", fix=(join(["mv", str(path), f"{path}.old"]),)
        )


def free_name(path: Path) -> Path:
    """Return the first of path-2, path-3, … that is not there."""
    names = (path.with_name(f"{path.name}-{number}") for number in count(2))
    return next(name for name in names if not os.path.lexists(name))


def _settle(opened: BinaryIO, part: Path, path: Path, *, replace: bool) -> None:
    """Give the file its name; a link, unlike a rename, never replaces what somebody put there meanwhile."""
    opened.flush()
    os.fsync(opened.fileno())
    if replace:
        os.replace(part, path)
    else:
        _link(part, path)


def _link(part: Path, path: Path) -> None:
    try:
        os.link(part, path)
    except FileExistsError:
        _refuse(path, replace=False)
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            _refuse(path, replace=False)
        os.replace(part, path)


def _refuse(path: Path, *, replace: bool) -> None:
    if path.is_symlink() or not path.is_file():
        raise InvalidInput(f"{path} is there and is no regular file; name another one.")
    if not replace:
        raise AlreadyExists(f"{path} exists already; name another file, or have it replaced.")


def _spoken(path: Path, error: OSError) -> FilesUnavailable:
    return FilesUnavailable(f"{path}: {error.strerror or error}.")

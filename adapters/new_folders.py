"""A folder that somebody asked for: complete under its name, or not there at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from os import urandom
from pathlib import Path
from shlex import join, quote

from adapters.durable import sync
from domain.errors import AlreadyExists, FilesUnavailable, InvalidInput

END = ".part"


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Make a hidden folder beside the path that gets its name, durable, when the block ends well.

    What an interrupted run left beside it goes first; a part that another process still fills is left alone.
    Raises `AlreadyExists`, `FilesUnavailable`, `InvalidInput` where the folder around it is not there.
    """
    refuse_existing(path)
    if not path.parent.is_dir():
        fix = (f"mkdir -p {quote(str(path.parent))}",)
        raise InvalidInput(f"There is no folder {path.parent} to make {path.name} in.", fix=fix)
    part = path.with_name(f".{path.name[:200]}.{urandom(8).hex()}{END}")
    held: int | None = None
    try:
        remove_leftovers(path)
        part.mkdir(mode=0o700)
        held = _held(part)
        yield part
        _settle(part, path)
    except OSError as error:
        raise FilesUnavailable(f"{error.filename or path}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if held is not None:
            os.close(held)


def refuse_existing(path: Path) -> None:
    """Refuse a path that names anything at all, a link to nowhere included."""
    if "\x00" in str(path):
        raise InvalidInput("The name of a folder holds a NUL character.")
    if os.path.lexists(path):
        raise AlreadyExists(
            f"{path} exists already; nothing was changed. Name a folder that is not there yet.",
            fix=(join(["ls", "-l", str(path)]),),
        )


def remove_leftovers(path: Path) -> None:
    """Remove the parts that no process fills any more."""
    for part in path.parent.glob(f".{_literal(path.name[:200])}.*{END}"):
        with suppress(BlockingIOError, FileNotFoundError, NotADirectoryError):
            held = _held(part)
            shutil.rmtree(part, ignore_errors=True)
            os.close(held)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until nobody else begins a part in a folder, or looks for those that were left."""
    try:
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise FilesUnavailable(f"{folder}: {error.strerror}.") from error
    try:
        flock(file, LOCK_EX)
        yield
    finally:
        os.close(file)


def left_in(folder: Path) -> list[Path]:
    """Return the parts in a folder that no process fills any more; asked while we are alone in it."""
    left = []
    for part in sorted(folder.glob(f".*{END}")):
        with suppress(OSError):  # held by somebody, gone by now, or not ours
            os.close(_held(part))
            left.append(part)
    return left


def _held(part: Path) -> int:
    """Hold a folder as long as this process lives, so that nobody takes it for a leftover."""
    file = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except BaseException:
        os.close(file)
        raise
    return file


def _settle(part: Path, path: Path) -> None:
    """Give the finished folder its name; a rename of a folder replaces nothing but an empty folder."""
    sync(part)
    refuse_existing(path)
    try:
        os.rename(part, path)
    except OSError:
        refuse_existing(path)  # somebody was first
        raise
    sync(path.parent)


def _literal(name: str) -> str:
    """Return a name as a pattern that fits nothing but itself."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)

"""Small files read and replaced whole, by paths that are plain texts: a command of a service does so several times."""

import os
from contextlib import suppress

CHUNK = 64 * 1024
"""Bytes read at a time: room for the largest file would be taken from the system for each small one."""


def read(file: int, *, most: int) -> bytes:
    """Return what is in an open file; of one that holds more than `most` bytes, one more than that."""
    parts: list[bytes] = []
    left = most + 1
    while left > 0 and (part := os.read(file, min(left, CHUNK))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def replace(path: str, data: bytes) -> None:
    """Give a name to a new file once it is on the disk: a reader sees the old bytes or the new ones, never a part."""
    folder, _, name = path.rpartition("/")
    part = f"{folder}/.{name}.{os.getpid()}.part"
    file = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(file, left) :]
            os.fsync(file)
        finally:
            os.close(file)
        os.replace(part, path)
    except BaseException:
        remove(part)
        raise


def remove(path: str) -> None:
    """Remove a file, if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(path)

"""What restoring the backups for trial has found, a line each."""

import os
from datetime import datetime
from pathlib import Path
from typing import TypedDict, cast

import orjson

from adapters.durable import sync
from domain.errors import FilesUnavailable
from domain.lineage import Lineage
from domain.times import microseconds

MOST_KEPT = 1 << 20
"""Bytes of the file that are read back, from its end."""


class Drill(TypedDict):
    """What came of a drill. `unshipped` are events that were in the store and in no backup.

    `origin` is the log that the backups had to bring back: a promoted one was never tried under the name it left.
    """

    at: str
    origin: str
    passed: bool
    why: str | None
    folder: str
    copy: str | None
    position: int
    bytes: int
    root: str | None
    state_digest: str | None
    unshipped: int
    seconds: float


def remember(path: Path, found: Drill) -> None:
    """Put down what a drill found, durably."""
    try:
        file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "ab") as opened_file:
            opened_file.write(orjson.dumps(found) + b"\n")
            opened_file.flush()
            os.fsync(opened_file.fileno())
        sync(path.parent)
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error


def age_us(drill: Drill, *, now_us: int) -> int:
    """Return how long ago a drill was."""
    return max(0, now_us - microseconds(datetime.fromisoformat(drill["at"])))


def last_drill(path: Path, lineage: Lineage) -> Drill | None:
    """Return what the last drill of a log found, none of the logs that it left; a line that was cut off is nothing.

    Lines that name no log were written by versions before it was put down: they are of the first name.
    """
    try:
        with path.open("rb") as kept:
            kept.seek(max(0, path.stat().st_size - MOST_KEPT))
            lines = kept.read().splitlines()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error
    for line in reversed(lines):
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if not isinstance(found, dict):
            continue
        found.setdefault("origin", lineage.first)
        if found.keys() == Drill.__annotations__.keys() and found["origin"] == lineage.origin:
            return cast(Drill, found)
    return None

"""Which backups were made under which key, so that whoever asks again is answered the same."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from adapters.durable import sync
from adapters.new_files import new_file, refuse_no_file
from domain.errors import FilesUnavailable

MOST = 100
"""So many are kept, the newest."""


class AskedBackup(NamedTuple):
    """A backup that was asked for under a key, and what was answered."""

    key: str
    by: str
    full: bool
    made: dict[str, Any]


def made_under(path: Path, key: str) -> AskedBackup | None:
    """Return what was made under a key, or None. Raises `FilesUnavailable`, also where nothing could be put down."""
    return next((each for each in _kept(path) if each.key == key), None)


def remember(path: Path, asked: AskedBackup) -> None:
    """Put down what was made under a key, durably. Whoever calls this adds to the backups alone."""
    kept = [asked, *(each for each in _kept(path) if each.key != asked.key)][:MOST]
    with new_file(path, replace=True, is_named=False) as file:
        file.write(orjson.dumps([each._asdict() for each in kept]))
    sync(path.parent)


def _kept(path: Path) -> list[AskedBackup]:
    try:
        if os.path.lexists(path):
            refuse_no_file(path)
        rows = orjson.loads(path.read_bytes())
        return [AskedBackup(**row) for row in rows]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error
    except (orjson.JSONDecodeError, TypeError):  # it is nothing that we wrote
        return []

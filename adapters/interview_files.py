"""Answers of an interview that is not over: one file each beside the store, gone once they are recorded."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from adapters.new_files import new_file
from domain.steps import Step

FOLDER = "interviews"
VERSION = 1


class Kept(NamedTuple):
    """How far somebody came."""

    iteration: int
    """The latest iteration when it began."""
    at: int
    """The number of the question that comes next, from 0."""
    answers: dict[str, Any]
    """By the names of the fields."""


def file_of(state: Path, phase: str, step: Step) -> Path:
    """Return where the answers about a step are kept, in the folder of the store."""
    return state / FOLDER / f"{phase}-{step}.json"


def keep(path: Path, kept: Kept) -> None:
    """Keep the answers durably, for their owner alone. Raises `FilesUnavailable`."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with new_file(path, replace=True) as opened:
        opened.write(json.dumps({"v": VERSION, **kept._asdict()}, ensure_ascii=False).encode())


def kept_in(path: Path) -> Kept | None:
    """Return the answers that are kept, or None. A file that is something else is put aside under another name."""
    try:
        found = json.loads(path.read_bytes())
        if found.pop("v") != VERSION or not isinstance(found["answers"], dict):
            raise ValueError
        kept = Kept(**found)
        if type(kept.at) is not int or type(kept.iteration) is not int or kept.at < 0:
            raise ValueError
        return kept
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OSError):
        os.replace(path, path.with_suffix(".broken"))
        return None


def forget(path: Path) -> None:
    """Remove the answers: they are recorded, or nobody wants them."""
    path.unlink(missing_ok=True)

"""Answers of an interview that is not over: one file each beside the store, gone once they are recorded."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from adapters.inputs import judged_fields
from adapters.new_files import free_name, new_file
from domain.errors import InvalidInput
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


def kept_in(path: Path, step: Step) -> Kept | None:
    """Return the answers that are kept, judged as those of a file, or None where there are none.

    A file that holds something else is put aside, and `InvalidInput` says where.
    """
    try:
        found = json.loads(path.read_bytes())
        if found.pop("v") != VERSION or type(found["at"]) is not int or type(found["iteration"]) is not int:
            raise ValueError
        return Kept(**{**found, "at": max(0, found["at"]), "answers": judged_fields(step, found["answers"], path.name)})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OSError, InvalidInput):
        aside = path.with_suffix(".broken")
        aside = free_name(aside) if os.path.lexists(aside) else aside
        os.replace(path, aside)
        raise InvalidInput(f"{path} holds no answers that could be gone on with; it is kept as {aside.name}.") from None


def forget(path: Path) -> None:
    """Remove the answers: they are recorded, or nobody wants them."""
    path.unlink(missing_ok=True)

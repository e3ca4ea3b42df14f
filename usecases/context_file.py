"""The file `dev/orch-log.md`: the context for those who read files, written on request."""

import re
from pathlib import Path

from adapters.places import Places
from domain.errors import AlreadyExists, FilesUnavailable
from usecases.project import Project

NAME = "orch-log.md"
MARK = "<!-- Written by orch context: the next time replaces it. -->\n"


AS_OF = re.compile(rb"as of position ([0-9]+)")


def path_of(places: Places) -> Path:
    """Return where the file lies."""
    return places.root / "dev" / NAME


def write_context(project: Project, text: str) -> str:
    """Write the file, whole, and return its name; refuse to replace one that we did not write."""
    path = path_of(project.places)
    if path.exists() and not is_ours(path):
        named = project.files.named(path)
        raise AlreadyExists(
            f"{named} is no context that was written here; move it away.", fix=(f"mv {named} {named}.kept",)
        )
    project.files.write_beside(NAME, MARK + text)
    return project.files.named(path)


def remove_context(places: Places) -> list[Path]:
    """Remove the file if we wrote it: a text that was erased may stand in it."""
    path = path_of(places)
    try:
        if not path.is_symlink() and path.is_file() and is_ours(path):
            path.unlink()
            return [path]
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error
    return []


def may_hold(places: Places, position: int, *, erased_at: int) -> bool:
    """Tell whether the file may quote the text of a position that was erased at another one.

    Its heading says as of which moment it was written: whoever read the log after the erasure did not find the text.
    """
    path = path_of(places)
    try:
        if path.is_symlink() or not path.is_file() or not is_ours(path):
            return False
        with path.open("rb") as file:
            heading = AS_OF.search(file.read(1000))
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error
    return heading is None or position <= int(heading[1]) < erased_at


def is_ours(path: Path) -> bool:
    """Tell whether a file begins as those that we write."""
    try:
        with path.open("rb") as file:
            return file.read(len(MARK.encode())) == MARK.encode()
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error

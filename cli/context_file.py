"""The file `dev/orch-log.md`: the context for those who read files, written on request."""

from pathlib import Path

from adapters.places import Places
from cli.project import Project
from domain.errors import AlreadyExists, FilesUnavailable

NAME = "orch-log.md"
MARK = "<!-- Written by orch context: the next time replaces it. -->\n"


def path_of(places: Places) -> Path:
    """Return where the file lies."""
    return places.root / "dev" / NAME


def write_context(project: Project, text: str) -> str:
    """Write the file, whole, and return its name; refuse to replace one that we did not write."""
    path = path_of(project.places)
    if path.exists() and not is_ours(path):
        named = project.files.named(path)
        raise AlreadyExists(
            f"{named} was not written by orch context; move it away.", fix=(f"mv {named} {named}.kept",)
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


def is_ours(path: Path) -> bool:
    """Tell whether a file begins as those that we write."""
    try:
        with path.open("rb") as file:
            return file.read(len(MARK.encode())) == MARK.encode()
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error

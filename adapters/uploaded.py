"""Files that somebody sent, in a folder of their own for as long as they are read."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from adapters.import_files import MOST_DEPTH
from domain.errors import FilesUnavailable, InvalidInput

LONGEST_NAME = 255
LONGEST_PATH = 1000
MOST_FOLDERS = 4000
"""Twice as many as files can be sent: each may lie in a folder of its own, which lies in another one."""


@contextmanager
def uploaded(files: Mapping[str, str]) -> Iterator[Path]:
    """Write texts under their names below a new folder. Raises `InvalidInput` for a name that leads elsewhere."""
    places = {_judged(name): text for name, text in files.items()}
    folders = {folder for place in places for folder in place.parents[:-1]}
    if len(folders) > MOST_FOLDERS:
        raise InvalidInput(f"The names make {len(folders):,} folders; {MOST_FOLDERS:,} are taken at the most.")
    with TemporaryDirectory() as folder:
        for place, text in places.items():
            try:
                path = Path(folder) / place
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("x", encoding="utf-8", newline="") as file:
                    file.write(text)
            except (FileExistsError, NotADirectoryError):
                raise InvalidInput(f"{str(place)[:100]!r} cannot be a file and a folder, or be there twice.") from None
            except OSError as error:
                raise FilesUnavailable(f"{place}: {error.strerror}.") from error
        yield Path(folder)


def _judged(name: str) -> PurePosixPath:
    """Return a name as a place below a folder: no other one, and no repository, which is a program for git."""
    parts = name.split("/")
    plain = all(part not in ("", ".", "..") and len(part.encode("utf-8", "replace")) <= LONGEST_NAME for part in parts)
    if not plain or len(name) > LONGEST_PATH or not name.isprintable() or "\\" in name:
        raise InvalidInput(f"{name[:100]!r} is no name of a file below a folder, such as specs/001-mixer/spec.md.")
    if len(parts) > MOST_DEPTH:
        raise InvalidInput(f"{name[:100]!r} has {len(parts)} parts; {MOST_DEPTH} are read at the most.")
    return PurePosixPath(name)

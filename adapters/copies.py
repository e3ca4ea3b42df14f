"""Copies of a recorded text on disk, outside the log: found by its digest, and removed."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE, SubprocessError, run

from adapters.places import Places
from domain.digest import digest_of
from domain.errors import FilesUnavailable
from domain.steps import Step

LIMIT = 16 * 1024 * 1024
"""No recorded text is larger."""
GIT_SECONDS = 20


def remove_rescued(places: Places, phase: str, step: Step, digest: str) -> list[Path]:
    """Remove the files in `rescued/` that hold exactly the text with a digest, and return them."""
    return [_removed(path) for path in rescued(places, phase) if _digest(path, step) == digest]


def rescued(places: Places, phase: str) -> list[Path]:
    """Return the files that `orch checkout` put aside for a phase."""
    return sorted(_regular_files(places.state / "rescued" / phase))


def remove_parts(places: Places, phase: str) -> list[Path]:
    """Remove what writers that were killed have left beside the files of a phase, whose lock the caller holds."""
    named = [f".{step}.md." for step in Step] + [".phase-state.json."]
    found = [
        path
        for path in _regular_files(places.phase(phase))
        if path.name.endswith(".part") and path.name.startswith(tuple(named))
    ]
    return [_removed(path) for path in sorted(found)]


def in_git(root: Path, folder: Path) -> list[str] | None:
    """Return the files below a folder that any commit or the index of git holds; None where git cannot tell."""
    known: set[str] = set()
    for words in (("log", "--all", "--format=", "--name-only", "-z"), ("ls-files", "-z")):
        try:
            found = run(
                ["git", *words, "--", str(folder)],
                cwd=root,
                stdin=DEVNULL,
                stderr=DEVNULL,
                stdout=PIPE,
                timeout=GIT_SECONDS,
                check=False,
            )
        except (OSError, SubprocessError):
            return None
        if found.returncode:
            return None
        names = found.stdout.decode(errors="replace").split("\0")
        known.update(name.strip("\n").rpartition("/")[2] for name in names if name.strip("\n"))
    return sorted(known)


def _regular_files(folder: Path) -> Iterator[Path]:
    try:
        for path in folder.iterdir():
            if stat.S_ISREG(path.lstat().st_mode):
                yield path
    except FileNotFoundError:
        return
    except OSError as error:
        raise FilesUnavailable(f"{folder}: {error.strerror}.") from error


def _digest(path: Path, step: Step) -> str | None:
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as opened:
            data = opened.read(LIMIT + 1)
        return digest_of(data.decode(), step) if len(data) <= LIMIT else None
    except UnicodeDecodeError:
        return None
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error


def _removed(path: Path) -> Path:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}.") from error
    return path

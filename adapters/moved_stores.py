"""A folder whose store lies elsewhere says so itself: a setting that is forgotten is no reason to begin another log."""

import os
from collections.abc import Mapping
from pathlib import Path
from shlex import quote, split

from adapters.durable import sync
from adapters.places import ELSEWHERE, FOLDER, MARK, Places
from adapters.settings import CONFIG, NOBODYS, is_named, variable_of
from domain.errors import AlreadyExists, NotFound, Unavailable

STATE_DIR = variable_of("state_dir")
LONGEST = 8 * 1024


def note_elsewhere(places: Places, *, env: Mapping[str, str] = os.environ, flags: Mapping[str, str] = NOBODYS) -> None:
    """Note beside the documents what has to be set to find the store, where that lies elsewhere."""
    from adapters.new_files import new_file

    own = places.root / FOLDER
    if places.state == own.absolute():
        return
    with new_file(own / ELSEWHERE, replace=True, is_named=False) as file:
        file.write(f"{_line(places, env, flags)}\n".encode())
    sync(own)


def _line(places: Places, env: Mapping[str, str], flags: Mapping[str, str]) -> str:
    """Return what has to be set to find the store, as a shell takes it."""
    by_itself = flags.get("state_dir") or env.get(STATE_DIR) or not is_named(env=env, flags=flags)
    variable, path = (STATE_DIR, places.state) if by_itself else (variable_of(CONFIG), places.settings)
    if by_itself and path.is_relative_to(places.root):  # as it is taken: so it is found when the whole folder moves
        path = path.relative_to(places.root)
    return f"{variable}={quote(str(path))}"


def refuse_another_place(
    places: Places, *, env: Mapping[str, str] = os.environ, flags: Mapping[str, str] = NOBODYS
) -> None:
    """Refuse to begin a log in a place where there is none, while the folder says that its log lies in another."""
    own = places.root / FOLDER
    if places.state == own.absolute() or places.log.exists() or (places.state / MARK).exists():
        return
    line = _noted(own / ELSEWHERE)
    if line is None or line in (_line(places, env, flags), f"{STATE_DIR}={quote(str(places.state))}"):
        return
    raise AlreadyExists(
        f"The log of {places.root} lies elsewhere, and there is none in {places.state}. Another log begins in a folder"
        " of its own.",
        fix=_ways_to(line, own / ELSEWHERE),
    )


def refuse_forgotten(root: Path) -> None:
    """Refuse to take a folder for one without a log, where it says that its log lies elsewhere."""
    path = root / FOLDER / ELSEWHERE
    line = _noted(path)
    if line is not None:
        raise NotFound(f"The log of {root} lies elsewhere, and no setting says where.", fix=_ways_to(line, path))


def _noted(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return file.read(LONGEST).decode().strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"{path} cannot be read: {error}.") from error


def _ways_to(line: str, path: Path) -> tuple[str, str]:
    """Return what leads to the store; whatever else the note says is for eyes only."""
    return f"export {_assigned(line)}", f"cat {quote(str(path))}"


def _assigned(line: str) -> str:
    """Return what such a line sets, and nothing else that it says: it may have come with the folder, and is typed."""
    variable, _, value = line.partition("=")
    try:
        words = split(value) if value.isprintable() else []
    except ValueError:  # a quote that does not end
        words = []
    known = variable in (STATE_DIR, variable_of(CONFIG)) and len(words) == 1
    return f"{variable}={quote(words[0])}" if known else f"{STATE_DIR}=DIR"

"""A folder whose store lies elsewhere says so itself: a setting that is forgotten is no reason to begin another log."""

import os
from collections.abc import Mapping
from pathlib import Path
from shlex import quote, split

from adapters.durable import sync
from adapters.places import ELSEWHERE, FOLDER, Places
from adapters.settings import CONFIG, NOBODYS, is_named, variable_of
from domain.errors import NotFound, Unavailable

STATE_DIR = variable_of("state_dir")
LONGEST = 8 * 1024


def note_elsewhere(places: Places, *, env: Mapping[str, str] = os.environ, flags: Mapping[str, str] = NOBODYS) -> None:
    """Note beside the documents what has to be set to find the store, where that lies elsewhere."""
    from adapters.new_files import new_file

    own = places.root / FOLDER
    if places.state == own.absolute():
        return
    by_itself = flags.get("state_dir") or env.get(STATE_DIR) or not is_named(env=env, flags=flags)
    variable, path = (STATE_DIR, places.state) if by_itself else (variable_of(CONFIG), places.settings)
    if by_itself and path.is_relative_to(places.root):  # as it is taken: so it is found when the whole folder moves
        path = path.relative_to(places.root)
    with new_file(own / ELSEWHERE, replace=True, is_named=False) as file:
        file.write(f"{variable}={quote(str(path))}\n".encode())
    sync(own)


def refuse_forgotten(root: Path) -> None:
    """Refuse to take a folder for one without a log, where it says that its log lies elsewhere."""
    path = root / FOLDER / ELSEWHERE
    try:
        with path.open("rb") as file:
            line = file.read(LONGEST).decode().strip()
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"{path} cannot be read: {error}.") from error
    raise NotFound(
        f"The log of {root} lies elsewhere, and no setting says where.",
        fix=(f"export {_assigned(line)}", f"cat {quote(str(path))}"),
    )


def _assigned(line: str) -> str:
    """Return what such a line sets, and nothing else that it says: it may have come with the folder, and is typed."""
    variable, _, value = line.partition("=")
    try:
        words = split(value) if value.isprintable() else []
    except ValueError:  # a quote that does not end
        words = []
    known = variable in (STATE_DIR, variable_of(CONFIG)) and len(words) == 1
    return f"{variable}={quote(words[0])}" if known else f"{STATE_DIR}=DIR"

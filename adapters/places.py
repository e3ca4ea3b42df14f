"""Where a project's things lie on disk."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from domain.errors import InvalidInput, NotFound
from domain.steps import Step

FOLDER = ".orch"


class Places(NamedTuple):
    """The folders and files of one project."""

    root: Path
    state: Path
    """The store, its keys and everything that is not for git: `.orch`, or ORCHESTRATOR_STATE_DIR."""
    templates: Path
    """The project's own templates."""

    @property
    def log(self) -> Path:
        """The event log."""
        return self.state / "log.db"

    @property
    def keys(self) -> Path:
        """The signing keys."""
        return self.state / "keys"

    @property
    def checkpoints(self) -> Path:
        """The checkpoints this project signed."""
        return self.state / "checkpoints"

    def phase(self, phase: str) -> Path:
        """The folder of one phase."""
        return self.root / "dev" / phase

    def document(self, phase: str, step: Step) -> Path:
        """The document of one step."""
        return self.phase(phase) / f"{step}.md"


def places_of(root: Path, *, env: Mapping[str, str] = os.environ) -> Places:
    """Return the places of the project at a root; ORCHESTRATOR_STATE_DIR and _TEMPLATE_DIR move theirs.

    A relative one is relative to the root, wherever the command is typed.
    """
    folder = root / FOLDER
    state = root / env["ORCHESTRATOR_STATE_DIR"] if env.get("ORCHESTRATOR_STATE_DIR") else folder
    own = root / env["ORCHESTRATOR_TEMPLATE_DIR"] if env.get("ORCHESTRATOR_TEMPLATE_DIR") else folder / "templates"
    for path in (root, state, own):
        try:
            str(path).encode()
        except UnicodeEncodeError:
            # SQLite takes paths in UTF-8 only, and no JSON answer could name the file.
            raise InvalidInput(f"The path {path} is not valid UTF-8; rename the folder.") from None
    return Places(root=root, state=state.absolute(), templates=own.absolute())


def find(start: Path, *, env: Mapping[str, str] = os.environ) -> Places:
    """Return the places of the project around a folder: the nearest one upwards that holds `.orch/log.db`.

    Where ORCHESTRATOR_STATE_DIR puts the store elsewhere, `.orch` alone marks the root: from every folder below it
    the documents are the same files, or the gate would look for an edit in the wrong place.
    """
    if "\x00" in str(env.get("ORCHESTRATOR_STATE_DIR", "")):
        raise InvalidInput("ORCHESTRATOR_STATE_DIR holds a NUL character.")
    moved = bool(env.get("ORCHESTRATOR_STATE_DIR"))
    for folder in (start, *start.parents):
        if (folder / FOLDER / "log.db").is_file() or (moved and (folder / FOLDER).is_dir()):
            return places_of(folder, env=env)
    raise NotFound(f"There is no project here or above ({start}).", fix=("orch init",))


def left_of(start: Path, *, env: Mapping[str, str] = os.environ) -> Places:
    """Return the places of the project around a folder even where its log is gone: `.orch` alone marks the root.

    Where nothing is left of it, that folder is the root.
    """
    for folder in (start, *start.parents):
        if (folder / FOLDER).is_dir():
            return places_of(folder, env=env)
    return places_of(start, env=env)

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

    def phase(self, phase: str) -> Path:
        """The folder of one phase."""
        return self.root / "dev" / phase

    def document(self, phase: str, step: Step) -> Path:
        """The document of one step."""
        return self.phase(phase) / f"{step}.md"


def places_of(root: Path, *, env: Mapping[str, str] = os.environ) -> Places:
    """Return the places of the project at a root; ORCHESTRATOR_STATE_DIR and _TEMPLATE_DIR move theirs."""
    folder = root / FOLDER
    state = Path(env["ORCHESTRATOR_STATE_DIR"]) if env.get("ORCHESTRATOR_STATE_DIR") else folder
    own = Path(env["ORCHESTRATOR_TEMPLATE_DIR"]) if env.get("ORCHESTRATOR_TEMPLATE_DIR") else folder / "templates"
    return Places(root=root, state=state.absolute(), templates=own.absolute())


def find(start: Path, *, env: Mapping[str, str] = os.environ) -> Places:
    """Return the places of the project around a folder: the nearest one upwards that holds `.orch/log.db`."""
    if "\x00" in str(env.get("ORCHESTRATOR_STATE_DIR", "")):
        raise InvalidInput("ORCHESTRATOR_STATE_DIR holds a NUL character.")
    for folder in (start, *start.parents):
        if (folder / FOLDER / "log.db").is_file():
            return places_of(folder, env=env)
    if env.get("ORCHESTRATOR_STATE_DIR") and places_of(start, env=env).log.is_file():
        return places_of(start, env=env)
    raise NotFound(f"There is no project here or above ({start}).", fix=("orch init",))

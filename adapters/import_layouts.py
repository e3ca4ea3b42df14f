"""Which file of which tool is the document of which step: the layouts of spec-kit, OpenSpec, Kiro and the predecessor.

spec-kit: `specs/NNN-name/`; OpenSpec: `openspec/changes/NAME/`; Kiro: `.kiro/specs/NAME/`; the predecessor: any folder
with `.orch-state.json`.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import NamedTuple

from domain.importers import Importer
from domain.steps import STEPS, Step

STATE = ".orch-state.json"
BACKUP = re.compile(r"\.orch-state\.backup\.(\d{1,16})\.json", re.ASCII)
SPEC_KIT: Mapping[str, Step] = MappingProxyType(
    {"spec.md": Step.SPEC, "research.md": Step.RESEARCH, "plan.md": Step.PLAN, "tasks.md": Step.TASKS}
)
OPENSPEC: Mapping[str, Step] = MappingProxyType(
    {"proposal.md": Step.SPEC, "design.md": Step.PLAN, "tasks.md": Step.TASKS}
)
KIRO: Mapping[str, Step] = MappingProxyType(
    {
        "requirements.md": Step.SPEC,
        "bugfix.md": Step.SPEC,
        "research.md": Step.RESEARCH,
        "design.md": Step.PLAN,
        "tasks.md": Step.TASKS,
    }
)
PREDECESSOR: Mapping[str, Step] = MappingProxyType({f"{step}.md": step for step in STEPS})
NO_STEP = "no step of a phase holds this"
WHY: Mapping[str, str] = MappingProxyType(
    {
        "spec.json": "its approvals name nobody, no time and no text",
        "data-model.md": "a part of the design that no step of a phase holds; link it from the plan",
        "quickstart.md": "a guide for the implementer that no step of a phase holds; link it from the plan",
        "contracts": "interfaces for the implementer that no step of a phase holds; link them from the plan",
        "checklists": "quality gates of spec-kit; a verdict here is given by a person",
    }
)


class Place(NamedTuple):
    """Where a file belongs: the phase's folder there, and which step it is a text of; None: it is left out."""

    importer: Importer
    source: str
    """The phase's folder in its layout, wherever the layout lies."""
    folder: PurePosixPath
    """The phase's folder below the one that is imported."""
    step: Step | None
    reason: str = ""


class Aside(NamedTuple):
    """A file of a layout that belongs to no phase."""

    reason: str


def is_state(name: str) -> bool:
    """Tell whether a file is a state of the predecessor, or a backup of one."""
    return name == STATE or BACKUP.fullmatch(name) is not None


def placed(files: Iterable[PurePosixPath], root: PurePosixPath) -> dict[PurePosixPath, Place | Aside | None]:
    """Return where every file belongs; None: it belongs to no layout. `root` is the absolute folder they lie in."""
    paths = list(files)
    states = {path.parent for path in paths if is_state(path.name)}
    features = _features(paths, root)
    return {path: _place(path, root, states, features) for path in paths}


def _features(paths: Iterable[PurePosixPath], root: PurePosixPath) -> set[PurePosixPath]:
    """Return the folders that spec-kit made: directly below `specs`, with one of its documents."""
    named = [root / path for path in paths if path.name in SPEC_KIT]
    return {path.parent for path in named if path.parent.parent.name == "specs"}


def _place(
    path: PurePosixPath, root: PurePosixPath, states: set[PurePosixPath], features: set[PurePosixPath]
) -> Place | Aside | None:
    if path.parent in states:
        folder = path.parent
        if is_state(path.name):
            return Place(Importer.PREDECESSOR, str(folder.name or root.name), folder, None)
        step = PREDECESSOR.get(path.name)
        reason = "" if step else "not one of the five documents"
        return Place(Importer.PREDECESSOR, str(folder.name or root.name), folder, step, reason)
    parts = (root / path).parts
    depth = len(root.parts)
    for marker, decide in (("openspec", _openspec), (".kiro", _kiro)):
        at = _marked(parts, marker, depth)
        if at is not None:
            return decide(parts, at, depth)
    for feature in features:
        if (root / path).is_relative_to(feature):
            rest = (root / path).relative_to(feature).parts
            step = SPEC_KIT.get(rest[0]) if len(rest) == 1 else None
            return _in(Importer.SPEC_KIT, feature.parts, 2, depth, step, WHY.get(rest[0], NO_STEP))
    if ".specify" in parts[depth:-1]:
        return Aside("belongs to the whole project, to no phase")
    return None


def _marked(parts: tuple[str, ...], marker: str, depth: int) -> int | None:
    """Return which part of a path is the folder of a tool: one that has its folders, else one that was imported."""
    places = [at for at, part in enumerate(parts[:-1]) if part == marker]
    typical = [at for at in places if parts[at + 1] in ("changes", "specs")]
    return next(iter(typical or [at for at in places if at >= depth]), None)


def _openspec(parts: tuple[str, ...], at: int, depth: int) -> Place | Aside:
    rest = parts[at + 1 :]
    if rest[0] == "specs":
        return Aside("says what is built already; a phase is a change")
    if rest[0] != "changes" or len(rest) < 3:
        return Aside("belongs to the whole project, to no phase")
    if rest[1] == "archive":
        return Aside("an archived change is built already")
    folder = parts[: at + 3]
    if len(rest) == 5 and rest[2] == "specs" and rest[4] == "spec.md":
        return _in(Importer.OPENSPEC, folder, 3, depth, Step.PRD, "")
    step = OPENSPEC.get(rest[2]) if len(rest) == 3 else None
    return _in(Importer.OPENSPEC, folder, 3, depth, step, NO_STEP)


def _kiro(parts: tuple[str, ...], at: int, depth: int) -> Place | Aside:
    rest = parts[at + 1 :]
    if rest[0] != "specs" or len(rest) < 3:
        return Aside("belongs to the whole project, to no phase")
    step = KIRO.get(rest[2]) if len(rest) == 3 else None
    return _in(Importer.KIRO, parts[: at + 3], 3, depth, step, WHY.get(rest[2], NO_STEP))


def _in(importer: Importer, folder: tuple[str, ...], names: int, depth: int, step: Step | None, reason: str) -> Place:
    below = PurePosixPath(*folder[depth:]) if len(folder) > depth else PurePosixPath()
    return Place(importer, "/".join(folder[-names:]), below, step, "" if step else reason)

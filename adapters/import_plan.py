"""What a folder of elsewhere holds, phase by phase, and every file that is left out with the reason."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from adapters.import_documents import documents
from adapters.import_files import Folder, LeftOut
from adapters.import_git import Git, NoGit
from adapters.import_layouts import Aside, Place, placed
from adapters.import_predecessor import predecessor
from adapters.import_state import StateThere
from domain import phase_ids
from domain.errors import InvalidInput
from domain.import_claims import Claim, TextThere
from domain.importers import Importer
from domain.steps import Step

TICKED = re.compile(r"^[^\S\n]*[-*+] \[[xX]\]", re.MULTILINE)


class PhaseThere(NamedTuple):
    """One phase of elsewhere, under the name it gets here; `refused` says why it is not imported."""

    name_there: str
    phase: str
    title: str
    importer: Importer
    source: str
    folder: str
    claims: tuple[Claim, ...]
    opened_at: int | None
    state: StateThere | None
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    refused: str | None
    wants_name: bool = False
    """Whether another name is what it is refused for the lack of."""


class Plan(NamedTuple):
    """All phases of a folder, by name; `others` counts files that belong to no layout."""

    phases: list[PhaseThere]
    left_out: list[LeftOut]
    others: int


def plan_of(root: Path, names: Mapping[str, str], *, asks_git: bool = True) -> Plan:
    """Read a folder. `names` are names that were chosen: of a folder there to a phase here."""
    root = root.resolve()
    folder = Folder(root)
    try:
        found = folder.files()
        places = placed((file.path for file in found if not file.reason), PurePosixPath(root))
        left_out = [LeftOut(str(file.path), file.reason) for file in found if file.reason]
        left_out += [LeftOut(str(path), at.reason) for path, at in places.items() if isinstance(at, Aside)]
        groups: dict[tuple[Importer, PurePosixPath], list[tuple[PurePosixPath, Place]]] = {}
        for path, at in places.items():
            if isinstance(at, Place):
                groups.setdefault((at.importer, at.folder), []).append((path, at))
        git = Git(root) if asks_git else NoGit()
        phases = [_phase(folder, git, files, names) for files in groups.values()]
    finally:
        folder.close()
    phases = [phase for phase in phases if phase.claims or phase.state or phase.refused]
    _refuse_unknown(names, phases)
    phases = sorted(_without_collisions(phases), key=lambda phase: (phase.phase, phase.folder))
    return Plan(phases, left_out, others=sum(at is None for at in places.values()))


def _phase(
    folder: Folder, git: Git, files: Sequence[tuple[PurePosixPath, Place]], names: Mapping[str, str]
) -> PhaseThere:
    place = files[0][1]
    by_step, aside = _by_step(files)
    name, title, state, opened_at, refused = place.source.split("/")[-1], "", None, None, None
    claims: Sequence[Claim]
    left_out: Sequence[LeftOut]
    if place.importer is Importer.PREDECESSOR:
        states = [path for path, at in files if at.step is None and not at.reason]
        told = predecessor(folder, states, {step: paths[0] for step, paths in by_step.items()})
        claims, state, opened_at, refused = told.claims, told.state, told.opened_at, told.refused
        left_out, notes = told.left_out, told.notes
        title = state.title if state else ""
    else:
        read = documents(folder, git, by_step)
        claims, left_out, notes = read.claims, read.left_out, read.notes
        opened_at = min((claim.at for claim in claims if claim.at is not None), default=None)
    wants_name = False
    wanted = state.phase if state and state.phase else name
    chosen = names.get(name) or names.get(place.source) or names.get(str(place.folder)) or names.get(wanted)
    phase = chosen or phase_id(wanted)
    if not refused and not phase:
        wants_name, refused = True, "its name has no letter or digit that a phase id may have; choose another"
    if phase and not chosen and phase != wanted:
        notes = [*notes, f"{wanted[:60]!r} is no phase id; it becomes {phase}"]
    if state and state.phase and state.phase != name and not chosen:
        notes = [*notes, f"the folder is called {name[:60]!r}, the phase in it {state.phase[:60]!r}"]
    done = _ticked(claims)
    if done:
        notes = [*notes, f"{done} boxes of its tasks are ticked: what is done is not imported"]
    return PhaseThere(
        name_there=name,
        phase=phase,
        title=title or phase_ids.title_from(re.sub(r"^\d+(-\d{6})?-(?=.)", "", phase)),
        importer=place.importer,
        source=place.source,
        folder=str(place.folder),
        claims=tuple(claims),
        opened_at=opened_at,
        state=state,
        left_out=(*aside, *left_out),
        notes=tuple(notes),
        refused=refused,
        wants_name=wants_name,
    )


def _ticked(claims: Sequence[Claim]) -> int:
    """Return how many boxes of the latest tasks are ticked."""
    texts = [c.text for c in claims if isinstance(c, TextThere) and c.step is Step.TASKS]
    return len(TICKED.findall(texts[-1])) if texts else 0


def phase_id(name: str) -> str:
    """Return the phase id that a name becomes: lower case, and one hyphen for every run of anything else."""
    if len(name) <= phase_ids.LIMIT and phase_ids.PATTERN.fullmatch(name):
        return name
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[: phase_ids.LIMIT].strip("-")


def _by_step(
    files: Iterable[tuple[PurePosixPath, Place]],
) -> tuple[dict[Step, list[PurePosixPath]], list[LeftOut]]:
    """Return the files of each step, and those that are no text of any."""
    by_step: dict[Step, list[PurePosixPath]] = {}
    aside = []
    for path, at in files:
        if at.step is not None:
            by_step.setdefault(at.step, []).append(path)
        elif at.reason:
            aside.append(LeftOut(str(path), at.reason))
    both = by_step.get(Step.SPEC, [])
    if len(both) > 1:  # Kiro: a bug fix that grew into requirements
        by_step[Step.SPEC] = both[-1:]
        aside += [LeftOut(str(path), f"{both[-1].name} is the spec") for path in both[:-1]]
    return by_step, aside


def _refuse_unknown(names: Mapping[str, str], phases: Sequence[PhaseThere]) -> None:
    known = {name for phase in phases for name in (phase.name_there, phase.source, phase.folder)}
    known |= {phase.state.phase for phase in phases if phase.state}
    for name in names:
        if name not in known:
            there = ", ".join(sorted({phase.name_there for phase in phases})[:5]) or "none"
            raise InvalidInput(
                f"There is no phase {name[:60]!r} in the folder to be given a name (there are: {there})."
            )


def _without_collisions(phases: Sequence[PhaseThere]) -> list[PhaseThere]:
    """Refuse all phases that would get the same name."""
    count = Counter(phase.phase for phase in phases if phase.phase)
    judged = []
    for phase in phases:
        if count[phase.phase] > 1 and not phase.refused:
            others = ", ".join(p.folder for p in phases if p.phase == phase.phase and p is not phase)
            why = f"{others} would be called {phase.phase}, too; choose another name"
            phase = phase._replace(refused=why, wants_name=True)  # noqa: PLW2901  # the same phase, judged
        judged.append(phase)
    return judged

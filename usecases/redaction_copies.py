"""The copies of an erased text in the project's own files: removed; elsewhere: named as out of reach."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from adapters.copies import in_git, remove_parts, remove_rescued, rescued
from adapters.retiring import FOLDER as RETIRED
from adapters.retiring import LOG
from adapters.sqlite_log import SqliteLog
from domain.digest import digest_of
from domain.errors import InvalidInput, Refusal
from domain.event_log import Told
from domain.phase_state import PhaseState
from domain.steps import Step
from projections.document_text import place_of_latest
from usecases.context_file import path_of as context_path
from usecases.context_file import remove_context
from usecases.project import Project
from usecases.publish import publish
from usecases.recovered import FOLDER as RECOVERED
from usecases.search_following import forget_in_index

OTHERS = ((RETIRED, "left"), (RECOVERED, "recovered"))
"""Folders of stores beside the one in force, and what became of those."""
DRAFTED = "phase.document_drafted"
BEYOND = (
    "What was printed, exported, copied or backed up before, and what a disk or its snapshots keep of blocks that were"
    " written over, is out of reach."
)


class Copies(NamedTuple):
    """The files that were removed, and what no command of ours can remove, a sentence each."""

    removed: list[str]
    out_of_reach: list[str]


def remove_derived(project: Project, position: int) -> list[Path]:
    """Let the text leave what is made of everything: the search index, and the context where it was written down."""
    forget_in_index(project.places, project.log, position)
    return remove_context(project.places)


def remove_copies(project: Project, phase: str, told: Told, position: int) -> Copies:
    """Remove what holds exactly the erased text, and write anew what quotes it. Call it while holding the files."""
    removed = [*remove_derived(project, position), *remove_from_files(project, phase, told)]
    return Copies([project.files.named(path) for path in removed], beyond_reach(project, phase, position))


def remove_from_files(project: Project, phase: str, told: Told) -> list[Path]:
    """Let an erased text leave the files of its phase. Call it while holding them."""
    removed = remove_parts(project.places, phase)
    gone = None
    if told.topic == DRAFTED:
        step, digest = Step(told.facts["step"]), told.facts["digest"]
        removed += remove_rescued(project.places, phase, step, digest)
        if _holds_only(project, phase, step, digest):
            project.files.remove(phase, step)
            removed.append(project.places.document(phase, step))
            gone = step
    publish(project, phase, gone)
    return removed


def beyond_reach(project: Project, phase: str | None, position: int) -> list[str]:
    """Return what may still hold the text of a position and cannot be reached, a sentence each."""
    told = [
        f"{project.files.named(path)} {holds} the text of position {position}: that store was {how}, and is kept for"
        " reading only. Remove its folder where it is needed no more."
        for path, how, holds in _others_with(project, position)
    ]
    root = project.places.root
    under_git = any((folder / ".git").exists() for folder in (root, *root.parents))
    if under_git and in_git(root, context := context_path(project.places)):
        told.append(f"git holds versions of {project.files.named(context)}, which may quote it.")
    if phase is not None and under_git:
        folder = project.places.phase(phase)
        known = in_git(root, folder)
        if known is None:
            told.append(
                f"git did not say whether it holds files of {project.files.named(folder)}: look there yourself."
            )
        elif known:
            told.append(
                f"git holds versions of {', '.join(project.files.named(folder / name) for name in known)}."
                " What they say stays there until the history of the repository is rewritten, and that of every clone."
            )
    if phase is not None and (others := rescued(project.places, phase)):
        told.append(
            f"{len(others)} other {'text' if len(others) == 1 else 'texts'} in {project.files.named(others[0].parent)}"
            " may hold parts of it: look, and remove what does."
        )
    return [*told, BEYOND]


def _others_with(project: Project, position: int) -> Iterator[tuple[Path, str, str]]:
    """Yield the logs of stores that were left or recovered which hold, or may hold, the text of the same event."""
    mine = next(project.log.records(position, position), None)
    state = project.places.state
    others = [(path, how) for folder, how in OTHERS for path in sorted(state.glob(f"{folder}/*/{LOG}"))]
    for path, how in others:
        try:
            with SqliteLog.open(path, read_only=True) as log:
                theirs = next(log.records(position, position), None)
        except Refusal:
            yield path, how, "cannot be read, and may hold"
            continue
        if mine is not None and theirs is not None and theirs.leaf == mine.leaf and theirs.payload is not None:
            yield path, how, "holds"


def _holds_only(project: Project, phase: str, step: Step, digest: str) -> bool:
    """Tell whether the document on disk is the erased text, and no later iteration that says the same."""
    try:
        text = project.files.read(phase, step)
    except InvalidInput:  # no text at all, so not this one
        return False
    if text is None or digest_of(text, step) != digest:
        return False
    head = project.head(phase)
    place = place_of_latest(head, step) if head else None
    if head is None or place is None or PhaseState.from_facts(head.facts).documents[step].digest != digest:
        return True
    return project.log.told([place])[place].erased

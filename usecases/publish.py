"""Bring the files of a phase up to what the log says."""

from collections.abc import Sequence
from contextlib import suppress

import orjson

from domain.digest import digest_of
from domain.errors import InvalidInput
from domain.event_log import Head
from domain.phase_state import PhaseState
from domain.steps import STEPS, Step
from domain.task_texts import with_boxes
from projections.file_text import boxes_of, file_text
from projections.state_file import places, state_file
from usecases.project import Project
from usecases.release import VERSION

STATE_FILE = "phase-state.json"


def publish(project: Project, phase: str, step: Step | None = None, *, boxes: Sequence[str] = ()) -> None:
    """Write a step's latest text, the boxes of some tasks and the state file. Call it while holding the files' lock."""
    head = project.head(phase) if project.files.keeps else None
    if head is None:
        return
    state = PhaseState.from_facts(head.facts)
    if step is not None:
        _publish_text(project, phase, step, state)
    _remove_withdrawn(project, phase, state)
    if boxes:
        _publish_boxes(project, phase, boxes, state)
    project.files.write(phase, STATE_FILE, state_text(project, head))


def _remove_withdrawn(project: Project, phase: str, state: PhaseState) -> None:
    """Remove the receipts of approvals that are no longer in force, so that the next commit takes them out of git."""
    for step in set(STEPS) - set(state.completed):
        project.files.remove_receipt(phase, step)


def state_text(project: Project, head: Head) -> str:
    """Return what the state file of a phase has to say."""
    told = project.log.told(places(head))
    state = orjson.dumps(state_file(head, told, version=VERSION), option=orjson.OPT_INDENT_2)
    return state.decode() + "\n"


def _publish_text(project: Project, phase: str, step: Step, state: PhaseState) -> None:
    """Write the latest text, unless the file says it already: a ticked box stays ticked."""
    document = state.documents[step]
    on_disk = project.files.read(phase, step)
    if on_disk is not None and digest_of(on_disk, step) == document.digest:
        return
    place = (f"phase:{phase}", document.drafted)
    texts = project.log.told([place])[place].texts
    if texts is not None:
        project.files.write(phase, f"{step}.md", file_text(texts["text"], step, state))


def _publish_boxes(project: Project, phase: str, numbers: Sequence[str], state: PhaseState) -> None:
    """Tick or empty the boxes of some tasks, and leave the others as somebody may have ticked them by hand."""
    with suppress(InvalidInput):  # a file that is no text has no boxes, and is no reason to refuse what was recorded
        on_disk = project.files.read(phase, Step.TASKS)
        if on_disk is not None:
            text = with_boxes(on_disk, {n: done for n, done in boxes_of(state).items() if n in numbers})
            if text != on_disk:
                project.files.write(phase, f"{Step.TASKS}.md", text)

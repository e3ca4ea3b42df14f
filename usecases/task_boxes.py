"""What the boxes of a tasks document say otherwise than the log."""

from typing import NamedTuple

from domain.errors import NotFound
from domain.event_log import Head
from domain.phase_state import PhaseState
from domain.steps import Step
from domain.task_texts import boxes_in
from domain.tasks import TaskState
from domain.unknown import unknown_phase
from projections.task_list import in_force, outline_places, places, texts_of
from usecases.project import Project


class Boxes(NamedTuple):
    """What the boxes on disk say otherwise than the log."""

    done: tuple[str, ...]
    reopened: tuple[str, ...]
    unknown: tuple[str, ...]
    """Ticked, but of no task that is approved."""
    titles: dict[str, str]


def boxes_on_disk(project: Project, phase: str) -> Boxes:
    """Return where the boxes on disk and the log differ, in the order of the approved document."""
    head = _head(project, phase)
    text = project.files.read(phase, Step.TASKS)
    if text is None:
        shown = project.files.shown(phase, Step.TASKS)
        raise NotFound(f"There is no file {shown} with boxes.", fix=(f"orch checkout {phase} tasks",))
    return _differing(project, head, text)


def boxes_of(project: Project, phase: str, text: str) -> Boxes:
    """Return where the boxes of a text and the log differ, in the order of the approved document."""
    return _differing(project, _head(project, phase), text)


def _head(project: Project, phase: str) -> Head:
    head = project.head(phase)
    if head is None:
        raise unknown_phase(project.log, phase)
    return head


def _differing(project: Project, head: Head, text: str) -> Boxes:
    state = PhaseState.from_facts(head.facts)
    told = project.log.told([*places(head), *outline_places(state)])
    book = in_force(state, told)
    ticked = boxes_in(text)
    known = [number for number, *_ in book.in_force.tasks]
    titles = {n: task.title for n, task in texts_of(told.get((head.stream, book.in_force.drafted))).items()}
    return Boxes(
        tuple(n for n in known if ticked.get(n) and book.of(n).state is not TaskState.DONE),
        tuple(n for n in known if ticked.get(n) is False and book.of(n).state is TaskState.DONE),
        tuple(n for n, tick in ticked.items() if tick and n not in known),
        titles,
    )

"""What the file of a document says: the recorded text, with the boxes of tasks as the log has them."""

from domain.phase_state import PhaseState
from domain.steps import Step
from domain.task_texts import with_boxes
from domain.tasks import TaskState


def boxes_of(state: PhaseState) -> dict[str, bool]:
    """Return for every number ever recorded whether its box is ticked."""
    return {number: state.tasks.of(number).state is TaskState.DONE for number in state.tasks.told}


def file_text(text: str, step: Step, state: PhaseState) -> str:
    """Return a text as its file shows it; its digest stays the same."""
    return with_boxes(text, boxes_of(state)) if step is Step.TASKS else text

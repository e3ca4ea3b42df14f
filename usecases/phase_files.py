"""What of a phase's files is missing on disk, or says less than the log."""

from domain.errors import InvalidInput
from domain.event_log import Head
from domain.phase_state import PhaseState
from domain.steps import Step
from usecases.documents_on_disk import is_erased
from usecases.project import Project
from usecases.publish import STATE_FILE, state_text


def missing_documents(project: Project, phase: str, head: Head) -> list[Step]:
    """Return the steps whose recorded text has no file; one that was erased has none to have."""
    return [
        step
        for step, document in PhaseState.from_facts(head.facts).documents.items()
        if document.drafted
        and _is_missing(project, phase, step)
        and not is_erased(project.log, head.stream, document.drafted)
    ]


def is_state_behind(project: Project, phase: str, head: Head) -> bool:
    """Tell whether the state file says anything else than the log does now, or cannot be read."""
    path = project.places.phase(phase) / STATE_FILE
    try:
        return not path.is_file() or path.read_text("utf-8", "replace") != state_text(project, head)
    except OSError:  # whoever writes it anew hears what is the matter
        return True


def _is_missing(project: Project, phase: str, step: Step) -> bool:
    try:
        return project.files.read_bytes(phase, step) is None
    except InvalidInput:
        return False

"""orch edit and orch checkout: the two ways out when a file differs from every recorded text."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from adapters.no_workspace import NoWorkspace
from cli.answers import answer
from cli.arguments import PhaseId, StepName
from cli.options import Asked, plain, writing
from cli.project import opened
from cli.screen import clean, paint
from cli.writes import carry_out
from domain.digest import digest_of
from domain.errors import InvalidInput, NotFound, NothingChanged
from domain.phase_ids import checked
from domain.phase_state import PhaseState
from domain.steps import Step
from domain.unknown import unknown_phase
from projections.file_text import file_text
from usecases.gate import refuse_erased
from usecases.project import Project
from usecases.publish import publish

if TYPE_CHECKING:
    from domain.commands import EditDocument


@writing
def edit(asked: Asked, phase: PhaseId, step: StepName) -> None:
    """Record a document edited by hand as the next iteration.

    Example: orch edit st01-audio-engine spec

    Next: orch approve PHASE STEP
    """
    with opened(to_write=True) as project:
        carry_out(project, asked, phase, lambda: _edited(project, asked, phase, step), writes=step)


def _edited(project: Project, asked: Asked, phase: str, step: Step) -> "EditDocument":
    from domain.commands import EditDocument

    text = project.files.read(phase, step)
    if isinstance(project.files, NoWorkspace):
        project.files.refuse()
    if text is None:
        raise NotFound(
            f"There is no file {project.files.shown(phase, step)} to record.", fix=(f"orch checkout {phase} {step}",)
        )
    return EditDocument(project.meta(asked), phase, step, text)


@plain
def checkout(asked: Asked, phase: PhaseId, step: StepName) -> None:
    """Put the recorded text of a step back on disk; a text that is replaced is kept in .orch/rescued.

    Boxes of tasks are ticked as the log has it; orch task sync goes the other way.

    Example: orch checkout st01-audio-engine spec

    Next: orch show PHASE STEP
    """
    with opened() as project, project.files.locked(checked(phase)):
        if isinstance(project.files, NoWorkspace):
            project.files.refuse()
        head = project.head(phase)
        if head is None:
            raise unknown_phase(project.log, phase)
        state = PhaseState.from_facts(head.facts)
        document = state.documents[step]
        path = project.files.shown(phase, step)
        on_disk = _on_disk(project, phase, step)
        if on_disk is None and not document.iteration:
            raise NotFound(f"{phase}: {step} has no recorded text.", fix=(f"orch status {phase}",))
        refuse_erased(project, phase, step)
        rescued = None
        if on_disk is not None:
            if _says(on_disk, step) == document.digest and not _boxes_differ(on_disk, step, state):
                raise NothingChanged(f"{path} says what was recorded.", fix=(f"orch show {phase} {step}",))
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
            rescued = project.files.rescue(phase, step, stamp=stamp)
        publish(project, phase, step if document.iteration else None)
        data = {
            "phase": phase,
            "step": step.value,
            "iteration": document.iteration or None,
            "digest": document.digest or None,
            "document": path if document.iteration else None,
            "rescued": str(rescued) if rescued else None,
        }

    def show() -> None:
        print(f"{paint('✓', 'green')} {path}: " + _done(document.iteration))
        if rescued:
            print(f"  {paint('rescued  ', 'dim')} {clean(str(rescued))}")

    answer("phase.checkout", data, as_json=asked.json, show=show)


def _on_disk(project: Project, phase: str, step: Step) -> bytes | None:
    """Return what the file holds, None where there is none; whatever else lies there differs from every text."""
    try:
        return project.files.read_bytes(phase, step)
    except InvalidInput:
        return b"\xff"  # no UTF-8: the same as any file that is not text


def _boxes_differ(data: bytes, step: Step, state: PhaseState) -> bool:
    """Tell whether somebody ticked boxes, or emptied them, that the log knows otherwise."""
    text = data.decode()
    return file_text(text, step, state) != text


def _done(iteration: int) -> str:
    return f"iteration {iteration} is back." if iteration else "nothing is recorded; the file was moved aside."


def _says(data: bytes, step: Step) -> str | None:
    try:
        return digest_of(data.decode(), step)
    except UnicodeDecodeError:
        return None

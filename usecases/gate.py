"""The gate: what is on disk must be a recorded text before anything is decided about it."""

from adapters.envelope import envelope_of
from domain import hints
from domain.digest import digest_of
from domain.errors import DocumentEdited, InvalidInput, Refusal, TextErased, VerdictIsStale
from domain.phase_ids import stream_of
from domain.phase_state import PhaseState
from domain.steps import Step
from projections.document_text import place_of_latest
from usecases.project import Project


def refuse_edited(project: Project, command_id: str, phase: str, step: Step) -> None:
    """Refuse where the file holds a text that no iteration recorded.

    A command that was recorded before has passed already; that is looked up where there is something to refuse.
    """
    try:
        _recorded_digest(project, phase, step)
    except Refusal:
        if not project.log.receipt(command_id):
            raise


def _recorded_digest(project: Project, phase: str, step: Step) -> str | None:
    """Return the digest of the file, or None where there is none; refuse a text that no iteration recorded."""
    text = project.files.read(phase, step)
    if text is None:
        return None
    digest = digest_of(text, step)
    if not _is_recorded(project, phase, step, digest):
        head = project.head(phase)
        approved = head is not None and step in PhaseState.from_facts(head.facts).completed
        raise DocumentEdited(phase, step, path=project.files.shown(phase, step), approved=approved)
    return digest


def is_edited(project: Project, phase: str, step: Step) -> bool:
    """Tell whether the file holds something that no iteration recorded."""
    try:
        text = project.files.read(phase, step)
    except InvalidInput:  # not UTF-8, or no regular file
        return True
    return text is not None and not _is_recorded(project, phase, step, digest_of(text, step))


def refuse_other_than_latest(project: Project, command_id: str, phase: str, step: Step) -> str | None:
    """Return the digest of the file a verdict is about; refuse an edited or an outdated one."""
    is_new = not project.log.receipt(command_id)
    seen = _recorded_digest(project, phase, step) if is_new else None
    latest = _latest(project, phase, step)
    if seen is None and is_new:
        refuse_erased(project, phase, step)
    if seen is not None and seen != latest:
        older = iteration_with(project, phase, step, seen)
        judged = f"iteration {older}, which is on disk"
        raise VerdictIsStale(phase, step, judged=judged, latest=latest, on_disk=True)
    return seen


def refuse_erased(project: Project, phase: str, step: Step) -> None:
    """Refuse what needs the recorded text of the latest iteration when it was erased."""
    head = project.head(phase)
    place = place_of_latest(head, step) if head else None
    told = project.log.told([place])[place] if place else None
    if told is not None and told.erased:
        raise TextErased(phase, step, iteration=told.facts["iteration"], fix=(hints.draft(phase, step),))


def _is_recorded(project: Project, phase: str, step: Step, digest: str) -> bool:
    """Tell whether any iteration has that digest; the latest is looked at first, without the history."""
    return digest == _latest(project, phase, step) or iteration_with(project, phase, step, digest) is not None


def _latest(project: Project, phase: str, step: Step) -> str:
    head = project.head(phase)
    return PhaseState.from_facts(head.facts).documents[step].digest if head else ""


def iteration_with(project: Project, phase: str, step: Step, digest: str) -> int | None:
    """Return the latest iteration with a digest. Reads the phase's history: only an edited file asks for it."""
    found = None
    for record in project.log.stream(stream_of(phase)):
        facts = envelope_of(record)["facts"]
        if record.topic == "phase.document_drafted" and facts["step"] == step and facts["digest"] == digest:
            found = facts["iteration"]
    return found

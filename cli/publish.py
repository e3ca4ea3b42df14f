"""Bring the files of a phase up to what the log says."""

import orjson

from cli.project import Project
from cli.release import VERSION
from domain.digest import digest_of
from domain.event_log import Head
from domain.phase_state import PhaseState
from domain.steps import Step
from projections.state_file import places, state_file

STATE_FILE = "phase-state.json"


def publish(project: Project, phase: str, step: Step | None = None) -> None:
    """Write a step's latest text and the state file. Call it while holding the lock on the phase's files."""
    head = project.head(phase)
    if head is None:
        return
    if step is not None:
        _publish_text(project, phase, step, PhaseState.from_facts(head.facts))
    project.files.write(phase, STATE_FILE, state_text(project, head))


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
        project.files.write(phase, f"{step}.md", texts["text"])

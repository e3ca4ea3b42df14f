"""The documents on disk against the digests that the log has of them."""

from collections.abc import Mapping

from adapters.workspace import Workspace
from domain.digest import digest_of
from domain.errors import Refusal
from domain.event_log import EventLog, Head
from domain.phase_ids import PATTERN, PREFIX
from domain.phase_state import PhaseState
from domain.steps import Step
from projections.verification import DocumentOnDisk, Documents


def documents_on_disk(files: Workspace, heads: Mapping[str, Head], log: EventLog) -> Documents:
    """Compare every recorded document with its file. A head that says nothing sensible has no documents.

    Where the text was erased, its file is not missing: it went with it.
    """
    checked = 0
    others: list[DocumentOnDisk] = []
    for stream, head in heads.items():
        phase = stream.removeprefix(PREFIX)
        if not stream.startswith(PREFIX) or not PATTERN.fullmatch(phase):
            continue
        try:
            state = PhaseState.from_facts(head.facts)
        except Refusal:
            continue
        for step, document in state.documents.items():
            if document.drafted:
                checked += 1
                other = _compared(files, phase, step, document.digest)
                if other is not None and not (other["state"] == "missing" and is_erased(log, stream, document.drafted)):
                    others.append(other)
    return {"checked": checked, "other": others}


def is_erased(log: EventLog, stream: str, version: int) -> bool:
    """Tell whether the free text of an event is gone. What cannot be read is somebody else's to name."""
    place = stream, version
    try:
        return log.told([place])[place].erased
    except Refusal:
        return False


def _compared(files: Workspace, phase: str, step: Step, recorded: str) -> DocumentOnDisk | None:
    shown = files.shown(phase, step)
    try:
        text = files.read(phase, step)
    except Refusal as refusal:
        return {"document": shown, "state": "unreadable", "recorded": recorded, "found": refusal.message}
    if text is None:
        return {"document": shown, "state": "missing", "recorded": recorded, "found": None}
    found = digest_of(text, step)
    if found == recorded:
        return None
    return {"document": shown, "state": "differs", "recorded": recorded, "found": found}

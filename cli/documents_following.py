"""The documents and state files of this folder, following the log: also what others recorded, or did not finish."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from adapters.codec import decode
from adapters.envelope import told
from adapters.follower_file import FollowerFile
from adapters.follower_store import FollowerStore
from adapters.places import Places
from cli.gate import is_edited
from cli.phase_files import is_state_behind, missing_documents
from cli.project import Project
from cli.publish import publish
from cli.redaction_copies import remove_derived, remove_from_files
from domain.event_log import EventLog, Record
from domain.following import Followed
from domain.phase_ids import phase_of
from domain.phase_state import PhaseState
from domain.steps import Step
from domain.task_events import TaskCompleted, TaskReopened
from projections.redactions import TOPIC as REDACTED

BOXES = frozenset((TaskCompleted.TOPIC, TaskReopened.TOPIC))
"""What ticks a box in tasks.md, or empties it."""


class Touched(NamedTuple):
    """What a stretch of the log says of one phase."""

    since: int
    """The first version in it."""
    boxes: list[str]
    """The tasks whose boxes may have changed."""


class DocumentsFollower(FollowerStore):
    """Writes the files of every phase that something happened to, then notes how far it is.

    Files are no rows of a transaction: killed between the two it writes the same again. What is written is always the
    latest, under the lock of the phase's files, so whoever comes last, a command or this, leaves the same behind.
    """

    def __init__(self, path: Path, project: Project) -> None:
        super().__init__(path)
        self._project = project
        self.edited: list[str] = []
        """Documents that were changed by hand, and are left alone: they are for `orch edit` or `orch checkout`."""

    def take(self, log: EventLog, first: int, upto: Followed) -> None:
        """Bring the files of a stretch of the log up to what the log says now."""
        touched, redacted = _happened(log, first, upto.position)
        for position in redacted:
            self._forget(log, position)
        for phase, what in touched.items():
            with self._project.files.locked(phase):
                self.edited += bring_up(self._project, phase, what, whole=first == 1)
        with self.taking(upto):
            pass

    def _forget(self, log: EventLog, position: int) -> None:
        """Let a text that was erased, perhaps elsewhere, leave the files of this folder."""
        record = next(log.records(position, position), None)
        phase = phase_of(record.stream) if record is not None else None
        remove_derived(self._project, position)
        if record is not None and phase is not None:
            with self._project.files.locked(phase):
                remove_from_files(self._project, phase, told(record))


def file_of(places: Places) -> FollowerFile:
    """Return where it is written down how far the documents are."""
    return FollowerFile(places.state / "cache" / "documents.db", "the documents")


def bring_up(project: Project, phase: str, what: Touched, *, whole: bool) -> list[str]:
    """Write what a phase's files lack, and return the documents that are left alone because they were edited.

    A state file that says what the log says was written last of all: then the rest has been written, too, and what is
    missing was removed by somebody. Only a first look at the `whole` writes it anew. Call it while holding the files.
    """
    head = project.head(phase)
    if head is None:
        return []
    behind = is_state_behind(project, phase, head)
    if not behind and not whole:
        return []
    documents = PhaseState.from_facts(head.facts).documents
    drafted = [step for step, document in documents.items() if document.drafted >= what.since]
    edited = [step for step in drafted if is_edited(project, phase, step)]
    writes = {*drafted, *(missing_documents(project, phase, head) if whole else ())} - {*edited}
    for step in writes:
        publish(project, phase, step)
    boxes = what.boxes if Step.TASKS not in edited else []
    if behind and (boxes or not writes):
        publish(project, phase, boxes=boxes)
    return [project.files.shown(phase, step) for step in edited]


def _happened(log: EventLog, first: int, last: int) -> tuple[dict[str, Touched], list[int]]:
    """Return the phases that a stretch of the log is about, and the positions whose text was erased in it."""
    touched: dict[str, Touched] = {}
    redacted = []
    for record in _records(log, first, last):
        phase = phase_of(record.stream)
        if phase is not None:
            known = touched.setdefault(phase, Touched(record.version, []))
            if record.topic in BOXES:
                known.boxes.append(told(record).facts["task"])
        elif record.topic == REDACTED:
            redacted.append(int(told(record).facts["position"]))
    return touched, redacted


def _records(log: EventLog, first: int, last: int) -> Iterator[Record]:
    """Yield the records of a stretch; one that this version does not know is refused, never passed over."""
    for record in log.records(first, last):
        decode(record)
        yield record

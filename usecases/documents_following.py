"""The documents and state files of this folder, following the log: also what others recorded, or did not finish."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from adapters.codec import decode
from adapters.copies import remove_parts
from adapters.durable import sync
from adapters.envelope import told
from adapters.follower_store import FollowerStore, files_spoken
from adapters.places import Places
from domain.digest import digest_of
from domain.errors import InvalidInput, Unavailable
from domain.event_log import EventLog, Record
from domain.following import Followed
from domain.phase_ids import phase_of
from domain.phase_state import PhaseState
from domain.steps import Step
from domain.task_events import TaskCompleted, TaskReopened
from projections.redactions import TOPIC as REDACTED
from usecases.context_file import may_hold, remove_context
from usecases.gate import is_edited
from usecases.phase_files import is_state_behind
from usecases.project import Project
from usecases.publish import publish
from usecases.recovered import carried_by
from usecases.redaction_copies import remove_from_files
from usecases.search_following import forget_in_index

BOXES = frozenset((TaskCompleted.TOPIC, TaskReopened.TOPIC))
"""What ticks a box in tasks.md, or empties it."""


class Touched(NamedTuple):
    """What a stretch of the log says of one phase."""

    since: int
    """The first version in it."""
    boxes: list[str]
    """The tasks whose boxes may have changed."""


class Happened(NamedTuple):
    """What a stretch of the log says that files have to follow."""

    touched: dict[str, Touched]
    """By phase."""
    erased: dict[int, int]
    """Position whose text is gone → position that said so."""


class DocumentsFollower(FollowerStore):
    """Writes the files of every phase that something happened to, then notes how far it is.

    Files are no rows of a transaction: killed between the two it writes the same again. What is written is always the
    latest, under the lock of the phase's files, so whoever comes last, a command or this, leaves the same behind.
    """

    def __init__(
        self,
        path: Path,
        project: Project,
        *,
        rest: bool = True,
        ended: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(path)
        self._project, self._ended = project, ended
        self.rest = rest
        """Whether the rest of the log is still to be followed where a stretch is refused."""
        self.edited: list[str] = []
        """Documents that were changed by hand, and are left alone: they are for `orch edit` or `orch checkout`."""

    def take(self, log: EventLog, first: int, upto: Followed) -> None:
        """Bring the files of a stretch of the log up to what the log says now.

        Files that cannot be written keep no others from it, those of the rest of the log included: then it is said
        what refused, and the stretch comes again.
        """
        refusal = self._follow(log, happened(log, first, upto.position))
        if refusal is not None:
            if self.rest:
                self._follow_rest(log, upto.position)
            raise refusal
        with self.taking(upto):
            pass

    def _follow_rest(self, log: EventLog, position: int) -> None:
        """Bring up what comes after a position, without noting it; `ended` is asked between two stretches."""
        end = log.moment().position
        while position < end:
            last = min(position + self.most, end)
            self._follow(log, happened(log, position + 1, last))
            position = last
            if position < end and self._ended():
                return
        self.rest = False

    def _follow(self, log: EventLog, what: Happened) -> Unavailable | None:
        refusal = None
        for position, erased_at in what.erased.items():
            try:
                self._forget(log, position, erased_at)
            except Unavailable as error:
                refusal = error
        for phase, touched in what.touched.items():
            try:
                with self._project.files.locked(phase, ended=self._ended):
                    remove_parts(self._project.places, phase)  # whoever left them was killed
                    self.edited += bring_up(self._project, phase, touched)
            except Unavailable as error:
                refusal = error
        try:
            _keep(self._project.places, what.touched)
        except Unavailable as error:
            refusal = error
        return refusal

    def _forget(self, log: EventLog, position: int, erased_at: int) -> None:
        """Let a text that was erased, perhaps elsewhere, leave the files of this folder."""
        forget_in_index(self._project.places, log, position)
        if may_hold(self._project.places, position, erased_at=erased_at):
            remove_context(self._project.places)
        record = next(log.records(position, position), None)
        phase = phase_of(record.stream) if record is not None else None
        if record is not None and phase is not None:
            with self._project.files.locked(phase, ended=self._ended):
                remove_from_files(self._project, phase, told(record))


def bring_up(project: Project, phase: str, what: Touched) -> list[str]:
    """Write what a phase's files lack, and return the documents left alone because they were edited by hand.

    Boxes are written only where the state file is behind too: whoever wrote it wrote them, and what they say since
    then was ticked by hand. Call it while holding the files.
    """
    head = project.head(phase)
    if head is None:
        return []
    behind = is_state_behind(project, phase, head)
    documents = PhaseState.from_facts(head.facts).documents
    drafted = [step for step, document in documents.items() if document.drafted >= what.since]
    edited, written = [], []
    for step in drafted:
        try:
            if is_edited(project, phase, step):
                edited.append(step)
            elif not _says(project, phase, step, documents[step].digest):
                publish(project, phase, step)
                written.append(step)
        except InvalidInput:  # somebody put there what is no text while we looked
            edited.append(step)
    boxes = what.boxes if Step.TASKS not in edited else []
    if behind and (boxes or not written):
        publish(project, phase, boxes=boxes)
    return [project.files.shown(phase, step) for step in edited]


def happened(log: EventLog, first: int, last: int) -> Happened:
    """Read a stretch of the log; an event that this version does not know is refused, never passed over."""
    found = Happened({}, carried_by(log) if first == 1 else {})
    for record in _records(log, first, last):
        phase = phase_of(record.stream)
        if phase is not None:
            known = found.touched.setdefault(phase, Touched(record.version, []))
            if record.topic in BOXES:
                known.boxes.append(told(record).facts["task"])
        elif record.topic == REDACTED:
            found.erased[int(told(record).facts["position"])] = record.position
    return found


def _records(log: EventLog, first: int, last: int) -> Iterator[Record]:
    for record in log.records(first, last):
        decode(record)
        yield record


def _says(project: Project, phase: str, step: Step, digest: str) -> bool:
    """Tell whether a document on disk is the text with a digest."""
    text = project.files.read(phase, step)
    return text is not None and digest_of(text, step) == digest


def _keep(places: Places, phases: Iterable[str]) -> None:
    """Let the names of what was written reach the disk, before it is noted as done."""
    with files_spoken():
        for folder in (*(places.phase(phase) for phase in phases), places.root / "dev"):
            if folder.is_dir():
                sync(folder)

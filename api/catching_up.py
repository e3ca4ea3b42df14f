"""The documents on disk after a power cut, or whatever else ended a service between a commit and its files."""

from pathlib import Path
from threading import Event, Thread

from adapters.follower_files import documents_of
from adapters.log_words import told_error
from adapters.service_log import ServiceLog
from domain.errors import Refusal, Unavailable
from usecases.documents_following import DocumentsFollower
from usecases.project import Project

AT_ONCE = 100
"""Events between two moments at which commands get their turn, and at which it can be ended."""
BREATH_S = 0.01
AGAIN_S, LONGEST_S = 1.0, 30.0
"""So long it leaves alone what was not available: at first, and where that does not end."""
END_S = 10.0


class CatchingUp:
    """Brings the documents up to the log once, beside the work; every command writes its own after that."""

    def __init__(self, project: Project, log: ServiceLog) -> None:
        self._project, self._log = project, log
        self._ended = Event()
        self._thread = Thread(target=self._run, name="documents", daemon=True)
        self._told = ""
        self._last: DocumentsFollower | None = None

    def begin(self) -> None:
        """Begin, without holding anybody up."""
        self._thread.start()

    def end(self) -> None:
        """End it between two batches; what it did not come to is for the next start."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(END_S)

    def _run(self) -> None:
        try:
            self._catch_up()
        except Exception as error:  # noqa: BLE001  # a bug ends this and not the service, and is told as other bugs are
            self._log.say("error", "documents.ended", error=told_error(error))

    def _catch_up(self) -> None:
        pause, behind = AGAIN_S, True
        while behind and not self._ended.is_set():
            try:
                behind = self._batch()
            except Unavailable as refusal:  # a folder that cannot be written, or the log: that may pass
                if self._ended.is_set():
                    return
                self._say("warning", refusal)
                self._ended.wait(pause)
                pause = min(pause * 2, LONGEST_S)
            except Refusal as refusal:
                self._say("error", refusal)
                return
            else:
                self._breathe()

    def _batch(self) -> bool:
        """Take in the next events, and tell whether there are more."""
        step = documents_of(self._project.places).next_batch(self._opened, self._project.log)
        if not step.behind:
            self._log.say("info", "documents.up_to_date", position=step.position)
        return step.behind

    def _opened(self, path: Path) -> DocumentsFollower:
        """Open it. What comes after a stretch that is refused is followed once: after that commands write their own."""
        rest = self._last is None or self._last.rest
        self._last = DocumentsFollower(path, self._project, rest=rest, ended=self._breathe)
        self._last.most = AT_ONCE
        return self._last

    def _breathe(self) -> bool:
        """Give commands their turn, and tell whether it is to end."""
        return self._ended.wait(BREATH_S)

    def _say(self, level: str, refusal: Refusal) -> None:
        """Say once why they cannot be brought up."""
        if refusal.message != self._told:
            self._told = refusal.message
            self._log.say(level, "documents.behind", why=refusal.message)

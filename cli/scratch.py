"""A project that lives as long as it is looked at: made in a folder of its own, written to, thrown away."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import NamedTuple
from uuid import uuid4

from adapters.durable import sync
from adapters.keys import make_key
from adapters.measured import measured
from adapters.places import FOLDER, Places
from adapters.raw_commits import seconds_of_raw_commits
from adapters.sqlite_log import SqliteLog
from adapters.workspace import Workspace
from domain.actors import Actor, ActorKind
from domain.commands import DraftDocument, InitialiseProject, Meta
from domain.handler import handle
from domain.phase_ids import stream_of
from domain.steps import Step
from usecases.project import Project
from usecases.writes import recorded

ORIGIN = "scratch"
BY = Actor("check", ActorKind.SERVICE)
FIELDS = {"objectives": ["Production validation test"]}
TIMEOUT_S = 60.0


class Timed(NamedTuple):
    """How long commands took, all together, and as many commits of SQLite alone right beside them."""

    operations: int
    seconds: float
    """Until the last of them was answered; what is answered survives a loss of power."""
    with_documents: float
    """The same, with the document of each written to disk as `orch spec` does."""
    raw_seconds: float
    durable: int
    """Commands whose events and documents were found afterwards by somebody who opened the files anew."""

    @property
    def ratio(self) -> float:
        """How many times as long as raw commits."""
        return self.seconds / self.raw_seconds if self.raw_seconds else 0.0


def timed(folder: Path, operations: int, *, at_once: int) -> Timed:
    """Record so many specs in a scratch project below a folder, some at once. Nothing is left of it."""
    with (
        TemporaryDirectory(dir=folder, prefix=".check-") as name,
        scratch(Path(name)) as project,
        ThreadPoolExecutor(at_once) as threads,
    ):

        def took(record: Callable[[Project, str], object], phases: list[str]) -> float:
            began = monotonic()
            list(threads.map(lambda phase: record(project, phase), phases))
            return monotonic() - began

        events, documents = ([f"st{n:04}-{what}" for n in range(operations)] for what in ("events", "documents"))
        took(_published, [f"st{n:04}-warm" for n in range(at_once)])  # threads, templates and files are there
        seconds = took(draft, events)
        raw = seconds_of_raw_commits(Path(name) / "raw.db", operations)
        with_documents = took(_published, documents)
        return Timed(operations, seconds, with_documents, raw, _durable(project, events, documents))


def _draft(phase: str) -> DraftDocument:
    return DraftDocument(Meta(str(uuid4()), BY, datetime.now(UTC)), phase, Step.SPEC, FIELDS)


def draft(project: Project, phase: str) -> None:
    """Record a small spec, durable, without its document."""
    project.handle(_draft(phase))


def _published(project: Project, phase: str) -> None:
    recorded(project, phase, lambda: _draft(phase), writes=Step.SPEC)


def _durable(project: Project, events: list[str], documents: list[str]) -> int:
    """Count what another connection finds, in a log whose every event fits its tree."""
    with SqliteLog.open(project.places.log, read_only=True) as log:
        measured(log)
        heads = log.heads([stream_of(phase) for phase in (*events, *documents)])[1]
    return sum(
        stream_of(first) in heads and stream_of(second) in heads and project.files.read(second, Step.SPEC) is not None
        for first, second in zip(events, documents, strict=True)
    )


@contextmanager
def scratch(root: Path) -> Iterator[Project]:
    """Make a project in an empty folder, whose log is a file as durable as a real one."""
    state = root / FOLDER
    state.mkdir(mode=0o700)
    places = Places(root, state, state / "templates", state / "config.toml", int(TIMEOUT_S * 1000))
    with SqliteLog.create(places.log, f"{ORIGIN}/{uuid4()}", timeout_s=TIMEOUT_S) as log:
        sync(state)
        project = Project(places, log, Workspace(places))
        key = make_key(places.keys, log.origin)
        begin = InitialiseProject(Meta(str(uuid4()), BY, datetime.now(UTC)), log.origin, key, ORIGIN)
        handle(begin, log=log, templates=project.templates)
        yield project

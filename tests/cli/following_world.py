"""A project that others write to without touching this folder, and `orch follow` as a process beside it."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE, Popen
from time import monotonic, sleep
from typing import Any

import orjson

from adapters.codec import decode
from adapters.places import find
from adapters.search_index import SearchIndex
from adapters.sqlite_log import SqliteLog
from adapters.workspace import Workspace
from domain.commands import Command, DraftDocument, RedactPayload
from domain.event_log import EventLog, Receipt
from domain.steps import Step
from projections.heads import heads_from
from tests.cli.conftest import the_log
from tests.cli.large_log import environment
from tests.reliability.ledger import carry_out, meta
from usecases.documents_on_disk import documents_on_disk
from usecases.search_following import SearchFollower, bring_up_to_date

ORCH = str(Path(sys.executable).with_name("orch"))
LOG = Path(".orch/log.db")
INDEX = Path(".orch/cache/search.db")
PATIENCE_S = 60.0
SECRET = "hunter2x4711"


def spec(phase: str, words: str) -> DraftDocument:
    """Return a command that drafts a spec."""
    return DraftDocument(meta(), phase, Step.SPEC, {"objectives": [words]})


def elsewhere(*commands: Command) -> Receipt:
    """Record as somebody whose documents lie elsewhere, or who is killed before a document is written."""
    receipt = None
    with the_log(to_write=True) as log:
        for command in commands:
            receipt = carry_out(log, command)
    assert receipt is not None
    return receipt


def erased_elsewhere(position: int) -> None:
    """Erase a text in the log, and nowhere else."""
    with the_log(to_write=True) as log:
        carry_out(log, RedactPayload(meta(), position, "a password"))
        log.scrub()


def holding(words: str = SECRET) -> list[str]:
    """Return the files of the project that hold some words."""
    found = []
    for path in Path().rglob("*"):
        with suppress(FileNotFoundError):  # somebody at work may have removed it meanwhile
            if path.is_file() and words.encode() in path.read_bytes():
                found.append(str(path))
    return sorted(found)


def documents_that_differ(folder: Path) -> list[Any]:
    """Return every document of a project that is not as its log has it."""
    places = find(folder)
    with SqliteLog.open(places.log, read_only=True) as log:
        heads = heads_from((record, decode(record)) for record in log.records())
        return list(documents_on_disk(Workspace(places), heads, log)["other"])


def index_rows(path: Path) -> list[Any]:
    """Return what stands in an index, in its order."""
    index = SearchIndex(path)
    rows = index.rows("SELECT rowid, place, words FROM texts ORDER BY rowid")
    index.close()
    return rows


def fresh_rows(log: EventLog, path: Path) -> list[Any]:
    """Return what stands in an index made anew from a log."""
    index = SearchFollower(path)
    bring_up_to_date(index, log)
    index.close()
    return index_rows(path)


class Process:
    """`orch follow`, running."""

    def __init__(self, folder: Path, *words: str) -> None:
        self._process = Popen(
            [ORCH, "follow", "--json", *words],
            cwd=folder,
            env=environment(),
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,
        )

    def kill(self) -> None:
        """End it at once, as a machine that fails does."""
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()

    def stopped(self) -> tuple[int, dict[str, Any], str]:
        """Ask it to stop, and return its status, what it answers and what it said meanwhile."""
        self._process.send_signal(signal.SIGTERM)
        out, err = self._process.communicate(timeout=PATIENCE_S)
        return self._process.returncode, orjson.loads(out), err.decode()

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None


@contextmanager
def following(folder: Path = Path()) -> Iterator[Process]:
    """Let `orch follow` run beside, from when it holds its lock."""
    from adapters.follower_files import is_running

    process = Process(folder)
    try:
        until = monotonic() + PATIENCE_S
        while not is_running(find(folder.absolute())):
            assert process.is_alive and monotonic() < until
            sleep(0.01)
        yield process
    finally:
        if process.is_alive:
            process.kill()


def eventually(what: Any) -> None:
    """Wait until something holds."""
    until = monotonic() + PATIENCE_S
    while not what():
        assert monotonic() < until, what
        sleep(0.02)

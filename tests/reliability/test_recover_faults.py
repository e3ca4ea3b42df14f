"""Recover and promote, killed or refused by the disk at every call that changes it: afterwards they just run again."""

import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from subprocess import DEVNULL, Popen
from time import sleep
from typing import NamedTuple

import orjson
import pytest

from adapters.keys import key_file
from adapters.sqlite_log import SqliteLog
from domain.event_log import Record
from projections.verification import Findings
from tests.reliability.faults import BROKEN, ENVIRONMENT, FULL, KILL, calls_of, command_of, faulty, orch, trials, works
from tests.reliability.ledger import LONG
from usecases.verifying import Options, Verifier

RUN = ("recover", "run", "--to", "position:6", "--out", "new")
PROMOTE = ("recover", "promote", "new", "--reason", "the last day was a mistake", "--yes")
SIZE = 6
FAULTS = {KILL: 5, FULL: 2, BROKEN: 2}
"""How many calls go wrong in the ordinary run; all of them in the long one."""
needs_strace = pytest.mark.skipif(not works(), reason="strace cannot be run here")


class Prepared(NamedTuple):
    """A project to try in, copied for every trial, and what its log held."""

    folder: Path
    rows: list[Record]
    origin: str
    counts: dict[str, int]

    def copy(self, to: Path) -> Path:
        """Return a copy of it."""
        return Path(shutil.copytree(self.folder, to, symlinks=True))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Return a project of nine events with a checkpoint, to recover from."""
    folder = tmp_path_factory.mktemp("lived") / "project"
    folder.mkdir()
    for words in (
        "init --host example.org",
        "spec st01-x --objectives here",
        "approve st01-x spec",
        "audit checkpoint",
        "research st01-x --foundation known",
        "approve st01-x research",
    ):
        assert orch(*words.split(), cwd=folder)[0] == 0
    trial = Path(shutil.copytree(folder, folder.with_name("counted")))
    counts = calls_of(*RUN, cwd=trial) if works() else {}
    with SqliteLog.open(folder / ".orch" / "log.db", read_only=True) as log:
        return Prepared(folder, list(log.records()), log.origin, counts)


@pytest.fixture(scope="module")
def ready(lived: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Return the same project with a recovered store, to promote."""
    folder = lived.copy(tmp_path_factory.mktemp("ready") / "project")
    assert orch(*RUN, cwd=folder)[0] == 0
    trial = Path(shutil.copytree(folder, folder.with_name("counted")))
    # a store remembers which folder it is promoted from, so the counted one is in a folder of its own
    counts = calls_of(*PROMOTE, cwd=trial) if works() else {}
    return lived._replace(folder=folder, counts=counts)


@needs_strace
@pytest.mark.parametrize("fault", FAULTS)
def test_a_recovery_is_there_whole_or_not_at_all(lived: Prepared, tmp_path: Path, fault: str) -> None:
    tried(lived, tmp_path, fault, RUN, whole_or_nothing)


@needs_strace
@pytest.mark.parametrize("fault", FAULTS)
def test_either_store_is_in_force_and_promoting_again_finishes(ready: Prepared, tmp_path: Path, fault: str) -> None:
    tried(ready, tmp_path, fault, PROMOTE, one_in_force)


@needs_strace
def test_a_wal_that_the_disk_does_not_let_go_of_is_said_and_promoting_again_finishes(
    ready: Prepared, tmp_path: Path
) -> None:
    """SQLite itself says nothing, and goes on to believe that the retired log needs a WAL."""
    project = ready.copy(tmp_path / "seen" / "project")
    trace = ("strace", "-f", "-qq", "-o", str(tmp_path / "calls"), "-e", "trace=unlink")
    assert orch(*PROMOTE, cwd=project, trace=trace)[0] == 0
    calls = (tmp_path / "calls").read_text().splitlines()
    at = next(number for number, call in enumerate(calls, 1) if "/retired/" in call and 'log.db-wal"' in call)
    project = ready.copy(tmp_path / "tried" / "project")
    ended = faulty(BROKEN, "unlink", at, *PROMOTE, cwd=project)
    assert ended.status == 8 and "could not be removed" in ended.err, ended
    one_in_force(ready, project)


def test_a_promoted_project_goes_on(ready: Prepared, tmp_path: Path) -> None:
    project = ready.copy(tmp_path / "project")
    one_in_force(ready, project)
    assert orch("audit", "checkpoint", cwd=project)[0] == 0
    assert orch("block", "st01-x", "a pause", cwd=project)[0] == 0


def test_kills_at_random_moments_leave_a_store_in_force(ready: Prepared, tmp_path: Path) -> None:
    dice = random.Random(20261127)
    for turn in range(100 if LONG else 4):
        project = ready.copy(tmp_path / str(turn) / "project")
        process = Popen(command_of(*PROMOTE), cwd=project, env=ENVIRONMENT, stdout=DEVNULL, stderr=DEVNULL)
        sleep(0.3 + dice.random() * 1.2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        one_in_force(ready, project)


def tried(
    made: Prepared, folder: Path, fault: str, words: tuple[str, ...], judge: Callable[[Prepared, Path], None]
) -> None:
    """Let every call go wrong once, and judge what is left each time. A kill shows; some refusals do no harm."""
    wrong = 0
    drawn = trials(made.counts, most=None if LONG else FAULTS[fault], seed=f"{words[1]} {fault}")
    for number, (call, at) in enumerate(drawn):
        project = made.copy(folder / str(number) / "project")
        ended = faulty(fault, call, at, *words, cwd=project)
        wrong += ended.status != 0
        assert ended.status in (0, 3, 6, 8, -signal.SIGKILL, 128 + signal.SIGKILL), ended
        assert "Traceback" not in ended.err, ended
        try:
            judge(made, project)
        except AssertionError as error:
            raise AssertionError(f"after {call} {at}: {ended}") from error
        shutil.rmtree(project, ignore_errors=True)
    assert wrong == len(drawn) if fault == KILL else wrong


def whole_or_nothing(made: Prepared, project: Path) -> None:
    """The source is as it was; the new store is complete or not there, and the same command makes it then."""
    assert rows_in(project / ".orch") == made.rows
    if not (project / "new").exists():
        status, _, err = orch(*RUN, cwd=project)
        assert status == 0, err
    status, said, err = orch("recover", "verify", "new", "--json", cwd=project)
    assert status == 0, err
    assert orjson.loads(said)["data"]["size"] == SIZE and rows_in(project / "new") == made.rows[:SIZE]
    assert not list(project.glob(".new.*"))


def one_in_force(made: Prepared, project: Path) -> None:
    """The old store is in force, or the new one; promoting again finishes, and the old one is complete."""
    found = rows_in(project / ".orch")
    assert found == made.rows or (found[:SIZE] == made.rows[:SIZE] and found[SIZE].topic == "ledger.forked")
    status, _, err = orch(*PROMOTE, cwd=project)
    assert status == 0, err
    forked = rows_in(project / ".orch")
    assert forked[:SIZE] == made.rows[:SIZE]
    assert [row.topic for row in forked[SIZE:]] == ["ledger.forked", "ledger.recovered"]
    (kept,) = (project / ".orch" / "retired").iterdir()
    assert rows_in(kept) == made.rows and {path.name for path in kept.iterdir()} == {"log.db", "keys", "checkpoints"}
    assert kept.stat().st_mode & 0o777 == 0o500 and (kept / "log.db").stat().st_mode & 0o777 == 0o400
    assert not (project / "new").exists()
    findings = Findings()
    with SqliteLog.open(project / ".orch" / "log.db", read_only=True) as log:
        Verifier(log, findings, Options()).run([], done=lambda _: None)
    assert findings.problems == []
    key = orjson.loads(forked[SIZE].envelope)["facts"]["public_key"]
    assert [file.name for file in (project / ".orch" / "keys").iterdir()] == [key_file(project, key).name]


def rows_in(store: Path) -> list[Record]:
    """Return the rows of a store."""
    with SqliteLog.open(store / "log.db", read_only=True) as log:
        return list(log.records())

"""A project whose log is long enough for a second process to help with it, and that process, seen from outside."""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, run
from time import monotonic, sleep
from typing import NamedTuple

from adapters.sqlite_log import SqliteLog
from domain.event_log import Decision
from domain.phase import Phase
from tests.cli.verified_world import LOG
from tests.reliability.ledger import ADA
from usecases.beside import ENOUGH

ORCH = str(Path(sys.executable).with_name("orch"))
PATIENCE_S = 30.0
BATCH = 500


class LongProject(NamedTuple):
    """A project, and how many events its log has."""

    folder: Path
    size: int

    def verifying(self) -> Popen[bytes]:
        """Begin `orch audit verify` as a shell does."""
        return Popen(
            [ORCH, "audit", "verify", "--json"],
            stdout=PIPE,
            stderr=PIPE,
            env=environment(),
            cwd=self.folder,
            start_new_session=True,
        )


def make_long_project(folder: Path) -> LongProject:
    """Make a project with a log of a few more events than a second process needs."""
    run([ORCH, "init", "--host", "example.org"], cwd=folder, env=environment(), check=True, stdout=DEVNULL)
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    with SqliteLog.open(folder / LOG) as log:
        for number in range(ENOUGH // BATCH + 1):
            phase = Phase.open(f"st{number}-long", title="Long", by=ADA, at=at)
            for each in range(BATCH - 1):
                phase.retitle(f"title {each}", by=ADA, at=at)
            log.append([Decision(f"long-{number}", "0" * 64, phase.decided(), {phase.id: phase.head()}, {phase.id: 0})])
        return LongProject(folder, log.moment().position)


def helpers(parent: int) -> list[int]:
    """Return the processes that hash for another one."""
    return [pid for pid, of in _processes() if of == parent]


def helper_of(parent: int) -> int:
    """Wait until a process has its helper, and return that."""
    until = monotonic() + PATIENCE_S
    while monotonic() < until:
        found = helpers(parent)
        if found:
            return found[0]
        sleep(0.002)
    raise AssertionError(f"process {parent} has no helper")


def gone(pid: int) -> bool:
    """Wait until a process has ended, and tell whether it has."""
    until = monotonic() + PATIENCE_S
    while monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":  # it has ended; whoever adopted it has not asked yet
            return True
        sleep(0.01)
    return False


def _processes() -> Iterator[tuple[int, int]]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if b"usecases.stretch_process" in (folder / "cmdline").read_bytes().split(b"\0"):
                yield int(folder.name), int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has gone meanwhile
            continue


def environment() -> dict[str, str]:
    """Return what a process of `orch` needs."""
    return os.environ | {"ORCHESTRATOR_ACTOR": "ada", "ORCHESTRATOR_ACTOR_KIND": "human"}

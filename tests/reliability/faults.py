"""Faults at every state-changing system call of a command: killed there, or told that the disk is full or broken."""

import os
import random
import shutil
import sys
from pathlib import Path
from subprocess import DEVNULL, run
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
CALLS = (
    "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat2", "link", "linkat", "unlink", "unlinkat",
    "ftruncate", "mkdir", "mkdirat", "rmdir", "chmod", "fchmod",
)  # fmt: skip
"""What changes the disk. Those that a command never makes are not tried."""
KILL = "signal=SIGKILL"
FULL, BROKEN = "error=ENOSPC", "error=EIO"
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "ORCHESTRATOR_ACTOR": "ada",
    "ORCHESTRATOR_ACTOR_KIND": "human",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONPATH": str(ROOT),
}


class Faulty(NamedTuple):
    """How a command ended whose Nth call of a kind went wrong."""

    call: str
    number: int
    status: int
    err: str


def works() -> bool:
    """Tell whether strace can be run here: some machines have none, some forbid to trace."""
    tool = shutil.which("strace")
    return bool(tool) and run([str(tool), "-o", os.devnull, "true"], check=False, capture_output=True).returncode == 0


def command_of(*words: str) -> list[str]:
    """Return the command line of `orch` in a process of its own."""
    return [sys.executable, "-m", "cli.main", *words]


def orch(*words: str, cwd: Path, trace: tuple[str, ...] = ()) -> tuple[int, str, str]:
    """Run `orch` in a process of its own and return its status and what it said."""
    command = [*trace, *command_of(*words)]
    done = run(command, cwd=cwd, env=ENVIRONMENT, check=False, capture_output=True, stdin=DEVNULL, text=True)
    return done.returncode, done.stdout, done.stderr


def calls_of(*words: str, cwd: Path) -> dict[str, int]:
    """Return how often a command makes each of the calls; it does its work."""
    log = cwd / "calls.txt"
    trace = ("strace", "-f", "-qq", "-o", str(log), "-e", f"trace={','.join(CALLS)}")
    status, _, err = orch(*words, cwd=cwd, trace=trace)
    assert status == 0, err
    lines = [line.split(maxsplit=1)[1] for line in log.read_text().splitlines()]
    log.unlink()
    return {call: sum(line.startswith(f"{call}(") for line in lines) for call in CALLS}


def trials(counts: dict[str, int], *, most: int | None, seed: str) -> list[tuple[str, int]]:
    """Return every call of a command that can go wrong, or so many of them drawn by a seed."""
    every = [(call, number + 1) for call, count in counts.items() for number in range(count)]
    return every if most is None else random.Random(seed).sample(every, most)


def faulty(fault: str, call: str, number: int, *words: str, cwd: Path) -> Faulty:
    """Run a command whose Nth call of a kind goes wrong."""
    trace = ("strace", "-f", "-qq", "-o", os.devnull, "-e", f"inject={call}:{fault}:when={number}")
    status, _, err = orch(*words, cwd=cwd, trace=trace)
    return Faulty(call, number, status, err)

"""Whole processes: `orch status` and `orch spec` against a bare Python of the same environment."""

import os
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from subprocess import DEVNULL, run

from bench.measured import Measured, side_by_side

ORCH = str(Path(sys.executable).with_name("orch"))
PHASE = "st01-audio-engine"
ROUNDS = 25


def processes(folder: Path) -> Iterator[Measured]:
    """Measure the two commands that people and agents run most."""
    project = folder / "processes"
    project.mkdir()
    run_orch(project, "init", "--host", "example.org")
    draft(project, PHASE)
    yield against_python(project, "orch status PHASE / python -c pass", 10, lambda: run_orch(project, "status", PHASE))
    numbers = count(2)
    yield against_python(
        project, "orch spec PHASE / python -c pass", 18, lambda: draft(project, f"st{next(numbers):02d}-phase")
    )


def against_python(project: Path, name: str, budget: float, ours: Callable[[], object]) -> Measured:
    """Measure a whole process against one that does nothing."""
    took, bare = side_by_side(ours, lambda: run([sys.executable, "-c", "pass"], check=True), rounds=ROUNDS)
    return Measured(name, took / bare, budget, f"{took * 1000:.0f} ms / {bare * 1000:.1f} ms")


def draft(project: Path, phase: str) -> None:
    """Draft the spec of a phase."""
    run_orch(project, "spec", phase, "--objectives", "Round trip below 10 ms,No allocation on the audio thread")


def run_orch(project: Path, *words: str) -> None:
    """Run `orch` in a project, as a person does."""
    environment = os.environ | {"ORCHESTRATOR_ACTOR": "ada", "ORCHESTRATOR_ACTOR_KIND": "human"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # users have compiled modules; some build machines switch them off
    run([ORCH, *words], cwd=project, env=environment, check=True, stdout=DEVNULL, stderr=DEVNULL, stdin=DEVNULL)

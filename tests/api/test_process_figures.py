"""What Prometheus hears of the process: the same as from its own collector, also where `/proc/stat` is hidden."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.registry import Collector

from api.process_figures import ProcessFigures

ROOT = Path(__file__).parents[2]
HIDDEN = 'mount -t proc -o subset=pid proc /proc && [ ! -e /proc/stat ] || exit 99; exec "$0" -c "$1"'
SAYS = """
from prometheus_client import CollectorRegistry, generate_latest
from api.process_figures import ProcessFigures
registry = CollectorRegistry()
registry.register(ProcessFigures())
print(generate_latest(registry).decode())
"""


def lines_of(collector: Collector | None) -> dict[str, float]:
    registry = CollectorRegistry()
    if collector is None:
        ProcessCollector(registry=registry)
    else:
        registry.register(collector)
    return figures_in(generate_latest(registry).decode())


def figures_in(text: str) -> dict[str, float]:
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines if name}


def test_the_figures_are_those_of_the_library() -> None:
    theirs, ours = lines_of(None), lines_of(ProcessFigures())
    assert theirs.keys() == ours.keys()
    assert ours["process_max_fds"] == theirs["process_max_fds"]
    assert abs(ours["process_open_fds"] - theirs["process_open_fds"]) <= 1
    assert (
        abs(ours["process_start_time_seconds"] - theirs["process_start_time_seconds"]) <= 2
    )  # theirs counts from whole seconds
    assert 0 <= ours["process_cpu_seconds_total"] - theirs["process_cpu_seconds_total"] < 1
    for name in ("process_resident_memory_bytes", "process_virtual_memory_bytes"):
        assert ours[name] == pytest.approx(theirs[name], rel=0.05)


def test_since_when_it_runs_does_not_move() -> None:
    figures = ProcessFigures()
    assert lines_of(figures)["process_start_time_seconds"] == lines_of(figures)["process_start_time_seconds"]


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root can hide /proc/stat")
def test_they_are_there_where_only_processes_can_be_seen() -> None:
    """As under the units, which have ProcSubset=pid."""
    words = ["unshare", "--mount", "sh", "-c", HIDDEN, sys.executable, SAYS]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 99:
        pytest.skip("this machine's kernel does not hide it")
    assert done.returncode == 0, done.stderr
    assert figures_in(done.stdout)["process_resident_memory_bytes"] > 0

"""An answer that cannot be delivered: said in words, never a traceback, and the command can be repeated."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Orch, position

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


def typed(*words: str, sent: str = "", **env: str) -> "subprocess.CompletedProcess[bytes]":
    """Run `orch` as a process of its own, with its stdout sent where `sent` says."""
    line = ["sh", "-c", f'"$@" {sent}', "sh", sys.executable, "-m", "cli.main", *words]
    return subprocess.run(line, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT), **env})


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_full_disk_behind_stdout_is_said_on_stderr(drafted: Orch, form: tuple[str, ...]) -> None:
    done = typed("approve", "st01-x", "spec", "--command-id", "id-9", *form, sent=">/dev/full")
    assert done.returncode == 8
    assert b"could not be written" in done.stderr
    assert b"--command-id id-9" in done.stderr
    assert b"Traceback" not in done.stderr
    assert drafted("approve", "st01-x", "spec", "--command-id", "id-9").status == 0


def test_a_closed_stdout_is_no_error(drafted: Orch) -> None:
    before = position(drafted)
    assert typed("approve", "st01-x", "spec", sent=">&-").returncode == 0
    assert position(drafted) == before + 1


def test_another_encoding_of_the_terminal_is_no_error(drafted: Orch) -> None:
    done = typed("approve", "st01-x", "spec", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stdout.decode()[0]) == (0, "✓")

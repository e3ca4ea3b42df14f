"""Every command shows one example in its help, and it works as it stands when it is pasted into a shell."""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path
from unittest.mock import patch

import click
import pytest

from cli.edge import run_command
from cli.lazy import LazyGroup
from cli.main import program
from tests.cli import example_worlds
from tests.cli.at_a_terminal import at_a_terminal

WIDTH = 80
BIN = Path(sys.executable).parent
WORLDS = {
    "": "nothing",
    "init": "nothing",
    "setup": "nothing",
    "version": "nothing",
    "completion": "nothing",
    "spec": "begun",
    "workflow": "begun",
    "import": "begun",
    "approve": "drafted",
    "reject": "drafted",
    "request": "drafted",
    "edit": "edited",
    "checkout": "edited",
    "research": "for research",
    "plan": "for a plan",
    "prd": "for a prd",
    "tasks": "for tasks",
    "reconfirm": "stale",
    "task sync": "ticked",
    "bench compare": "measured",
    "recover verify": "recovered",
    "recover promote": "recovered",
    "recover salvage": "damaged",
}
"""Where the example of a command works; of all others: in a project that is ready for its handoff."""
SHELL = {"", "init", "spec", "batch", "search", "workflow", "audit verify", "completion"}
"""Pasted into a real bash, where `orch` is the program that was installed; the others are split as a shell does."""
TERMINAL = {"approve", "replay", "recover promote"}
"""Pasted into a bash at a terminal: a person is there, so nobody has to say which kind of actor it is."""


def commands(command: click.Command, context: click.Context, path: str = "") -> Iterator[tuple[str, click.Context]]:
    """Go through every command and group, hidden ones included."""
    yield path, context
    if isinstance(command, LazyGroup):
        for name in command.entries:
            inner = command.get_command(context, name)
            assert inner is not None
            below = click.Context(inner, info_name=name, parent=context, terminal_width=WIDTH)
            yield from commands(inner, below, f"{path} {name}".strip())


ROOT = program()
ALL = dict(commands(ROOT, click.Context(ROOT, info_name="orch", terminal_width=WIDTH)))


def example(path: str) -> str:
    """Return what a person copies from the help on a screen of 80 columns."""
    context = ALL[path]
    lines = context.command.get_help(context).splitlines()
    (place,) = [number for number, line in enumerate(lines) if line.startswith("  Example: ")]
    assert not [*lines, ""][place + 1].strip(), f"orch {path}: the example does not fit on its line"
    later = [line for line in lines[place + 1 :] if line.startswith("  ") and line.strip()]
    assert not later or re.match(r"  (Next: |\S+ +\S|-)", later[0]), f"orch {path}: text behind the example"
    return lines[place].removeprefix("  Example: ")


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    """Be ada, who has nothing set up but her name."""
    with pytest.MonkeyPatch.context() as person:
        for name in [name for name in os.environ if name.startswith(("ORCHESTRATOR_", "GIT_", "FORCE_"))]:
            person.delenv(name)
        person.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        person.setenv("GIT_CONFIG_NOSYSTEM", "1")
        person.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
        person.setenv("ORCHESTRATOR_ACTOR", "ada")
        person.setenv("ORCHESTRATOR_ACTOR_KIND", "human")
        yield person


@pytest.fixture(scope="module")
def worlds(person: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a project for every stage."""
    folder = tmp_path_factory.mktemp("worlds") / "all"

    def run(where: Path, *words: str) -> str:
        with contextlib.chdir(where), patch.object(sys, "stdout", TextIOWrapper(BytesIO())) as out:
            assert run_command(program(), words) == 0, words
            out.flush()
        return out.buffer.getvalue().decode()

    example_worlds.make(folder, run, tmp_path_factory.mktemp("keys"))
    return folder


DATABASE = "postgresql://ada@db.example.org/orchestrator"
"""Where examples say that a server is; the tests have one of their own."""


@pytest.mark.parametrize("path", ALL, ids=lambda path: path or "orch")
def test_the_example_of_a_command_works_when_it_is_pasted(
    path: str,
    worlds: Path,
    person: pytest.MonkeyPatch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    line = example(path)
    if DATABASE in line:
        line = line.replace(DATABASE, shlex.quote(request.getfixturevalue("database")))
    folder = tmp_path / "project"
    shutil.copytree(worlds / WORLDS.get(path, "ready"), folder)
    monkeypatch.chdir(folder)
    if path in TERMINAL:
        monkeypatch.delenv("ORCHESTRATOR_ACTOR_KIND")
        with at_a_terminal("-c", line, program=("bash", "--norc")) as session:
            status, said = session.ends(), session.out
    elif path in SHELL:
        done = subprocess.run(["bash", "--norc", "-c", line], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        status, said = done.returncode, done.stdout + done.stderr
    else:
        first, *words = shlex.split(line)
        assert first == "orch"
        status = run_command(program(), words)
        told = capfd.readouterr()
        said = told.out + told.err
    assert status == 0, f"{line}: {status}\n{said}"


def test_the_example_is_one_of_the_command_itself() -> None:
    for path in ALL:
        words = shlex.split(example(path))
        hidden = {"setup": "init", "board": "dashboard"}.get(path, path)
        assert words[: 1 + len(hidden.split())] == ["orch", *hidden.split()], path


def test_what_is_told_apart_here_exists() -> None:
    assert {*WORLDS, *SHELL, *TERMINAL} <= set(ALL)

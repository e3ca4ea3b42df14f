"""The page about CI: its snippets are YAML, and their commands pass and fail in a clone that has no store."""

import os
import re
import shlex
import sys
from pathlib import Path
from subprocess import CompletedProcess, run
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Orch, orch, project

__all__ = ["orch", "project"]  # fixtures
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def scripts() -> dict[str, str]:
    """Return what each CI service would run, without the installation."""
    github, gitlab = (yaml.safe_load(block) for block in blocks("yaml"))
    (job,) = github["jobs"].values()
    steps: list[dict[str, Any]] = job["steps"]
    assert github[True] == "pull_request"  # YAML 1.1 reads `on` so
    assert steps[-1]["env"] == {"ORCH_VKEY": "${{ vars.ORCH_VKEY }}"}
    return {"github": steps[-1]["run"], "gitlab": "\n".join(gitlab["approved-texts"]["script"])}


def script(text: str, *, vkey: str, cwd: Path) -> "CompletedProcess[str]":
    """Run the lines as both services do: bash that stops at the first failure, with a pinned variable."""
    env = {"PATH": f"{cwd.parent / 'bin'}:{os.environ['PATH']}", "ORCH_VKEY": vkey, "PYTHONPATH": str(ROOT)}
    return run(["bash", "-eo", "pipefail", "-c", text], cwd=cwd, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def clone(project: Orch, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a clone of a project whose documents and receipts were committed as the page says, and its key."""
    (settings,) = blocks("toml")
    Path(".orch/config.toml").write_text(settings)
    vkey = ""
    assert project("spec", "st01-audio-engine", "--objectives", "Round trip below 10 ms").status == 0
    assert project("approve", "st01-audio-engine", "spec").status == 0
    Path("dev/st01-audio-engine/spec.receipt").unlink()  # as if it had been approved before the setting
    for line in blocks("console")[0].splitlines():
        words = shlex.split(line.removeprefix("$ "))
        if words[0] == "orch":
            said = project(*words[1:])
            assert said.status == 0, said
            vkey = vkey or said.out.strip()
        else:
            assert run(["bash", "-c", line.removeprefix("$ ")], check=False).returncode == 0
    assert project("research", "st01-audio-engine", "--foundation", "known").status == 0
    assert project("approve", "st01-audio-engine", "research").status == 0
    git = ["git", "-c", "user.name=ada", "-c", "user.email=ada@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "approved"]):
        assert run([*git, *words], check=False).returncode == 0
    folder = tmp_path_factory.mktemp("ci")
    assert run(["git", "clone", "-q", ".", folder / "clone"], check=False).returncode == 0
    (folder / "bin").mkdir()
    (folder / "bin" / "orch").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m cli.main "$@"\n')
    (folder / "bin" / "orch").chmod(0o755)
    assert not (folder / "clone" / ".orch" / "log.db").exists()
    return folder / "clone", vkey


def test_the_snippets_pass_in_a_clone_without_a_store_and_stop_what_was_not_approved(clone: tuple[Path, str]) -> None:
    checkout, vkey = clone
    for name, text in scripts().items():
        done = script(text, vkey=vkey, cwd=checkout)
        assert done.returncode == 0, (name, done)
        assert done.stdout.count("is exactly the approved text") == 2
    github = scripts()["github"]
    assert script(github, vkey="", cwd=checkout).returncode == 2  # nobody set the variable
    document = checkout / "dev" / "st01-audio-engine" / "research.md"
    document.write_text(document.read_text() + "\nOne more line.\n")
    stopped = script(github, vkey=vkey, cwd=checkout)
    assert stopped.returncode == 3 and "research.md is not the approved text" in stopped.stderr
    document.with_suffix(".receipt").unlink()
    assert script(github, vkey=vkey, cwd=checkout).returncode == 3

"""Who is acting: in which order the sources are asked, and which kind is believed."""

import os
import pty
import sys
from pathlib import Path
from subprocess import DEVNULL, run

import pytest

from adapters.actor import acting, refuse_guessed_kind
from domain.actors import Actor, ActorKind
from domain.errors import InvalidInput

ROOT = Path(__file__).parents[2]
NAMES = ("LOGNAME", "USER", "LNAME", "USERNAME")
VERDICT = "orch approve st01-audio-engine spec"
ASK = "from adapters.actor import refuse_guessed_kind\nrefuse_guessed_kind(None, command='orch approve', env={})"
STRANGER = """
import getpass, os, pwd, subprocess
from pathlib import Path
from adapters.actor import acting
from domain.errors import InvalidInput
os.setgroups([]); os.setgid(54321); os.setuid(54321)
try:
    print(acting(None, None, root=Path("/"), env={}))
except InvalidInput as refusal:
    print(refusal.message)
"""


@pytest.fixture(autouse=True)
def nobody_yet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let git and the machine know no one but the login name `linus`."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "no-git-config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOGNAME", "linus")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Make a repository that knows its user."""
    folder = tmp_path / "project"
    run(["git", "init", "-q", folder], check=True)
    run(["git", "-C", folder, "config", "user.name", "Grace Hopper"], check=True)
    return folder


def test_the_option_wins_then_the_environment_then_git_then_the_login_name(repository: Path, tmp_path: Path) -> None:
    env = {"ORCHESTRATOR_ACTOR": "ada"}
    assert acting("barbara", None, root=repository, env=env).name == "barbara"
    assert acting(None, None, root=repository, env=env).name == "ada"
    assert acting(None, None, root=repository, env={}).name == "Grace Hopper"
    assert acting(None, None, root=tmp_path, env={}).name == "linus"


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_source_says_nothing(repository: Path, empty: str | None) -> None:
    env = {"ORCHESTRATOR_ACTOR": "", "ORCHESTRATOR_ACTOR_KIND": ""}
    assert acting(empty, empty, root=repository, env=env) == Actor("Grace Hopper", ActorKind.HUMAN)
    run(["git", "-C", repository, "config", "user.name", "  "], check=True)
    assert acting(empty, empty, root=repository, env=env).name == "linus"


def test_without_git_the_login_name_acts(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository / "empty"))
    assert acting(None, None, root=repository, env={}).name == "linus"


def test_from_a_folder_that_is_gone_the_login_name_acts(tmp_path: Path) -> None:
    assert acting(None, None, root=tmp_path / "gone", env={}).name == "linus"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without a name")
def test_where_nobody_is_known_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOGNAME")
    answer = run([sys.executable, "-c", STRANGER], cwd=ROOT, capture_output=True, text=True)
    assert answer.stdout.startswith("Nobody is known here: no --actor"), answer.stderr


def test_the_kind_is_a_person_unless_the_option_or_the_environment_says_so(tmp_path: Path) -> None:
    env = {"ORCHESTRATOR_ACTOR_KIND": "service"}
    assert acting("ada", None, root=tmp_path, env={}).kind is ActorKind.HUMAN
    assert acting("ci", None, root=tmp_path, env=env).kind is ActorKind.SERVICE
    assert acting("robot", "agent", root=tmp_path, env=env).kind is ActorKind.AGENT


@pytest.mark.parametrize("kind", ["robot", "Human", "human ", "0"])
def test_another_kind_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(InvalidInput, match="human, agent, service"):
        acting("ada", kind, root=tmp_path, env={})
    with pytest.raises(InvalidInput, match="human, agent, service"):
        acting("ada", None, root=tmp_path, env={"ORCHESTRATOR_ACTOR_KIND": kind})


@pytest.mark.parametrize("name", [" ", "a\nb", "\x1b[31mada", "a" * 201, "\u202eada"])
def test_a_name_that_no_line_could_show_is_refused_from_every_source(repository: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="printable"):
        acting(name, None, root=repository, env={})
    with pytest.raises(InvalidInput, match="printable"):
        acting(None, None, root=repository, env={"ORCHESTRATOR_ACTOR": name})


def test_away_from_a_terminal_a_verdict_must_say_its_kind() -> None:
    with pytest.raises(InvalidInput, match="human, agent or service") as refusal:
        refuse_guessed_kind(None, command=VERDICT, env={})
    assert refusal.value.fix == (f"{VERDICT} --actor-kind human", f"{VERDICT} --actor-kind agent")
    refuse_guessed_kind("agent", command=VERDICT, env={})
    refuse_guessed_kind(None, command=VERDICT, env={"ORCHESTRATOR_ACTOR_KIND": "human"})


def test_a_terminal_speaks_for_a_person_only_when_it_is_at_both_ends() -> None:
    master, terminal = pty.openpty()
    try:
        both = run([sys.executable, "-c", ASK], cwd=ROOT, stdin=terminal, stdout=terminal, stderr=DEVNULL)
        one = run([sys.executable, "-c", ASK], cwd=ROOT, stdin=terminal, stdout=DEVNULL, stderr=DEVNULL)
        other = run([sys.executable, "-c", ASK], cwd=ROOT, stdin=DEVNULL, stdout=terminal, stderr=DEVNULL)
    finally:
        os.close(master)
        os.close(terminal)
    assert (both.returncode, one.returncode, other.returncode) == (0, 1, 1)

"""`orch` as somebody types it in a folder of their own, far from the log of the project."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from typing import NamedTuple

import pytest

from adapters import service_line
from cli.edge import run_command
from cli.main import program
from domain.access_token import Scope
from tests.api.served import Client, issued, new_project, opened, served
from tests.cli.conftest import Answer
from usecases.project import Project

SPEC = ("spec", "st01-x", "--objectives", "Round trip below 10 ms")


class Far(NamedTuple):
    """A project that is served, and somebody who works on it through the service."""

    project: Project
    client: Client
    orch: Callable[..., Answer]
    env: pytest.MonkeyPatch
    folder: Path

    def shows(self, *scopes: Scope, seconds: int = 366 * 86_400) -> str:
        """Let them show a token with these scopes from now on; all of them, where none is named."""
        secret = issued(self.project, *scopes, seconds=seconds)
        self.env.setenv("ORCHESTRATOR_TOKEN", secret)
        return secret

    @property
    def url(self) -> str:
        """Where the service is."""
        return f"http://127.0.0.1:{self.client.port}"

    def asks(self, url: str) -> None:
        """Let them ask at another address."""
        self.env.setenv("ORCHESTRATOR_URL", url)


@contextmanager
def far_from(
    project: Project, folder: Path, env: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Far]:
    """Serve a project, and let somebody work on it from a folder."""
    folder.mkdir(exist_ok=True)
    env.chdir(folder)
    env.setenv("HOME", str(folder / "home"))
    for name in ("ORCHESTRATOR_ACTOR", "ORCHESTRATOR_ACTOR_KIND", "XDG_CACHE_HOME"):
        env.delenv(name, raising=False)

    def orch(*words: str) -> Answer:
        capsys.readouterr()
        status = run_command(program(), words)
        said = capsys.readouterr()
        return Answer(status, said.out, said.err)

    with served(project) as client:
        far = Far(project, client, orch, env, folder)
        far.asks(far.url)
        far.shows()
        yield far


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a project, to be copied."""
    folder = tmp_path_factory.mktemp("begun")
    new_project(folder)
    return folder


@pytest.fixture
def far(
    tmp_path: Path, begun: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Far]:
    """Give a project of its own that is served, and somebody far from it."""
    copytree(begun, tmp_path / "served")
    with (
        opened(tmp_path / "served") as project,
        far_from(project, tmp_path / "elsewhere", monkeypatch, capsys) as found,
    ):
        yield found


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again sooner than a person would want."""
    monkeypatch.setattr(service_line, "PAUSES", (0.05, 0.1))


def worked_on(far: Far) -> None:
    """Do a few things through the service, in a copy."""
    assert far.orch("init").status == 0
    for objective in ("Round trip below 10 ms", "Round trip below 9 ms"):
        assert far.orch("spec", "st01-x", "--objectives", objective).status == 0
    assert far.orch("approve", "st01-x", "spec").status == 0
    assert far.orch("research", "st01-x", "--foundation", "Known since 1960").status == 0


@contextmanager
def beside(far: Far, folder: Path) -> Iterator[None]:
    """Be beside a log, as whoever the token names far from it."""
    with far.env.context() as there:
        there.chdir(folder)
        there.delenv("ORCHESTRATOR_URL")
        there.setenv("ORCHESTRATOR_ACTOR", "grace")
        there.setenv("ORCHESTRATOR_ACTOR_KIND", "human")
        yield


def placeless(answer: Answer, far: Far) -> tuple[int, str, str]:
    """Return an answer without the places and the times of day that it names."""
    there = far.project.places.root
    places = (far.url, f"{there}/.orch", str(there), str(far.folder))
    out = answer.out.replace("whoever runs the service, or what its log is in,", "whoever owns this file")
    for place in places:
        out = out.replace(place, "HERE")
    return answer.status, re.sub(r"HERE/?", "", out), answer.err

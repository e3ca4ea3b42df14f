"""Run `orch` in process, as a person with a name would, in a folder of its own."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import pytest

from adapters.places import find
from adapters.stores import AnyLog, open_log
from cli.edge import run_command
from cli.main import program

if TYPE_CHECKING:
    from tests.cli.behind_service import Behind


class Answer(NamedTuple):
    """What one command left behind."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        """The data of the one JSON document on stdout."""
        document = orjson.loads(self.out)
        assert document["ok"], document
        found: dict[str, Any] = document["data"]
        return found

    @property
    def error(self) -> dict[str, Any]:
        """The error of the one JSON document on stdout."""
        document = orjson.loads(self.out)
        assert not document["ok"], document
        found: dict[str, Any] = document["error"]
        return found


Orch = Callable[..., Answer]
ADDRESS = "ORCHESTRATOR_DATABASE_URL"


@pytest.fixture
def orch(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> Orch:
    """Return a function that runs `orch` in an empty folder as ada, a person.

    TEST_STORE=postgres puts every project's log into a database of its own instead of a file, but for tests that are
    marked `in_file`: they are about the file. TEST_STORE=service puts it behind a service, and the folder is a copy.
    """
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("ORCHESTRATOR_") or name == "FORCE_COLOR"]:
        monkeypatch.delenv(name)
    if os.environ.get("TEST_STORE") == "postgres" and request.node.get_closest_marker("in_file") is None:
        monkeypatch.setenv(ADDRESS, request.getfixturevalue("database"))
    monkeypatch.setenv("ORCHESTRATOR_ACTOR", "ada")
    monkeypatch.setenv("ORCHESTRATOR_ACTOR_KIND", "human")

    if os.environ.get("TEST_STORE") == "service" and request.node.get_closest_marker("in_file") is None:
        far: Orch = request.getfixturevalue("far_orch")
        return far

    def run(*words: str) -> Answer:
        capsys.readouterr()
        status = run_command(program(), words)
        said = capsys.readouterr()
        return Answer(status, said.out, said.err)

    return run


@pytest.fixture(scope="session")
def behind(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Behind]":
    """Run one service for all tests of this process."""
    from tests.cli.behind_service import a_service

    with a_service(tmp_path_factory.mktemp("tokens")) as found:
        yield found


@pytest.fixture
def far_orch(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    behind: "Behind",
) -> Iterator[Orch]:
    """Return a function that runs `orch` in a copy: the first `init` makes the project that the service has."""
    from tests.cli.behind_service import TOKEN, URL, as_somebody

    with ExitStack() as stack:

        def run(*words: str) -> Answer:
            said, name, kind = as_somebody(words)
            if behind.served is None and said[:1] in (["init"], ["setup"]) and "--help" not in said:
                folder = tmp_path_factory.mktemp("served")
                with monkeypatch.context() as there:
                    there.chdir(folder)
                    answered = asked(list(words))
                if answered.status == 0:
                    stack.enter_context(behind.serving(folder))
                    monkeypatch.setenv(URL, behind.url)
                    monkeypatch.setenv(TOKEN, behind.token(name, kind))
                    assert asked(["init"]).status == 0
                return answered
            if behind.served is None:
                return asked(said)
            monkeypatch.setenv(TOKEN, behind.token(name, kind))
            answered = asked(said)
            if answered.status == 2 and "done where the log is" in answered.out + answered.err:
                with monkeypatch.context() as there:  # what is done there is typed there
                    there.chdir(behind.served)
                    there.delenv(URL)
                    return asked(list(words))
            return answered

        def asked(words: list[str]) -> Answer:
            capsys.readouterr()
            status = run_command(program(), words)
            said = capsys.readouterr()
            return Answer(status, said.out, said.err)

        yield run


@pytest.fixture
def project(orch: Orch) -> Orch:
    """Return the same function in a folder that is a project."""
    assert orch("init", "--host", "example.org").status == 0
    return orch


@pytest.fixture
def drafted(project: Orch) -> Orch:
    """Return the same function where st01-x has a spec that waits for approval."""
    assert project("spec", "st01-x", "--objectives", "Round trip below 10 ms").status == 0
    return project


@pytest.fixture
def quick_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `orch bench` measure less, and really."""
    for name, value in (("EVENTS", 5), ("ROUNDS", 2), ("DURABLE", 3)):
        monkeypatch.setattr(f"cli.bench_rounds.{name}", value)


def the_log(*, to_write: bool = False) -> AnyLog:
    """Open the log of the project in the current folder, in whatever store it is, or that of its service."""
    places = find(Path.cwd(), flags={})
    if places.url is not None:
        from tests.cli.behind_service import served_now

        places = find(served_now(), env={})
    return open_log(places, read_only=not to_write)


@contextmanager
def begun_in_a_file(orch: Orch) -> Iterator[None]:
    """Let a world be made or copied as files are; afterwards its log moves to the store that the tests are about."""
    address = os.environ.pop(ADDRESS, None)
    yield
    if address is not None:
        os.environ[ADDRESS] = address
        moved = orch("migrate", "--to", address)
        assert moved.status == 0, moved


def position(orch: Orch) -> int:
    """Return how long the log is."""
    found: int = orch("list", "--json").data["as_of"]["position"]
    return found

"""Run `orch` in process, as a person with a name would, in a folder of its own."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import pytest

from adapters.places import find
from adapters.stores import AnyLog, open_log
from cli.edge import run_command
from cli.main import program

if TYPE_CHECKING:
    from tests.cli.behind_service import Behind
    from tests.cli.far_orch import FarOrch


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a test that is kept from the service and does not say why."""
    for item in items:
        marks = list(item.iter_markers("at_the_log"))
        if any(not mark.args or not str(mark.args[0]).strip() for mark in marks):
            raise pytest.UsageError(f"{item.nodeid}: at_the_log needs its reason.")


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
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    behind: "Behind",
) -> "Iterator[FarOrch]":
    """Return what runs `orch` in a copy: the first `init` makes the project that the service has."""
    from tests.cli.far_orch import FarOrch

    def asked(words: Sequence[str]) -> Answer:
        capsys.readouterr()
        status = run_command(program(), words)
        said = capsys.readouterr()
        return Answer(status, said.out, said.err)

    with ExitStack() as stack:
        yield FarOrch(behind, asked, monkeypatch, tmp_path_factory, stack)


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
    """Let `orch bench` measure less, and really; two rounds in which the machine was busy do not count."""
    for name, value in (("EVENTS", 5), ("ROUNDS", 5), ("DURABLE", 3)):
        monkeypatch.setattr(f"cli.bench_rounds.{name}", value)


def the_log(*, to_write: bool = False) -> AnyLog:
    """Open the log of the project in the current folder, in whatever store it is, or that of its service."""
    places = find(Path.cwd(), flags={})
    if places.url is not None:
        places = find(by_the_log(), env={})
    return open_log(places, read_only=not to_write)


def how_known() -> str:
    """Return how answers say that it is known who acted: here a name is a claim, and a service knows a token."""
    return "a claim" if find(Path.cwd(), flags={}).url is None else "known by"


def by_the_log(name: str = "") -> Path:
    """Return where something lies that stays beside the log: in the current folder, or in that of the service."""
    if find(Path.cwd(), flags={}).url is None:
        return Path(name)
    from tests.cli.behind_service import served_now

    return served_now() / name


@contextmanager
def begun_in_a_file(orch: Orch) -> Iterator[None]:
    """Let a world be made or copied as files are; afterwards its log moves to the store that the tests are about."""
    address = os.environ.pop(ADDRESS, None)
    if os.environ.get("TEST_STORE") == "service" and not isinstance(orch, FunctionType):
        far: FarOrch = orch  # type: ignore[assignment]  # as its fixture has it
        with far.beside_the_log():
            yield
        far.move_behind()
        return
    yield
    if address is not None:
        os.environ[ADDRESS] = address
        moved = orch("migrate", "--to", address)
        assert moved.status == 0, moved


def position(orch: Orch) -> int:
    """Return how long the log is."""
    found: int = orch("list", "--json").data["as_of"]["position"]
    return found

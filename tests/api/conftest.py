"""One project for a whole file of tests, served; and one of its own for a test that needs it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.served import Client, issued, new_project, opened, served
from usecases.project import Project


@pytest.fixture(scope="module")
def served_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Return a project that was just made."""
    folder = tmp_path_factory.mktemp("served")
    new_project(folder)
    with opened(folder) as project:
        yield project


@pytest.fixture(scope="module")
def client(served_project: Project) -> Iterator[Client]:
    """Return a client that may do everything as grace.

    The service describes itself first, in a thread of its own. CPython 3.11 cannot make syntax trees in two threads at
    once ("AST constructor recursion depth mismatch", python/cpython#106905), and Hypothesis and pytest make some, too.
    """
    with served(served_project) as found:
        assert found.get("/openapi.json").status == 200
        yield found.shows(issued(served_project))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that is a project."""
    new_project(tmp_path)
    return tmp_path

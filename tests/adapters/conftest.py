"""A PostgreSQL server for those tests of adapters that need one: one for each process that runs tests."""

import os
from collections.abc import Iterator
from itertools import count

import pytest

from adapters.postgres_schema import make_log
from tests.postgres_server import Server, any_server

LIKE = "orch_test_template"
NUMBERS = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Run a server."""
    with any_server() as server:
        yield server


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    """Return the name of a database with an empty log in it."""
    name = f"{LIKE}_{os.getpid()}"
    make_log(server.make(name), "example.org/contract", timeout_s=10)
    return name


@pytest.fixture
def log_database(server: Server, template: str) -> Iterator[str]:
    """Give the address of a database with an empty log of its own in it."""
    name = f"{template}_{next(NUMBERS)}"
    yield server.make(name, like=template)
    server.drop(name)

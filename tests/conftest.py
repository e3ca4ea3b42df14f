"""What holds for every test: no deadline for examples of hypothesis, since a busy machine is no failure; a server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from hypothesis import settings

from tests.postgres_server import Server, any_server

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
NUMBERS = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Run a PostgreSQL server: one for each process that runs tests, when the first of them asks for it."""
    with any_server() as server:
        yield server


@pytest.fixture(scope="session")
def empty_log(server: Server) -> str:
    """Return the name of a database with an empty log in it, to be copied."""
    from adapters.postgres_schema import make_log

    name = f"orch_test_{os.getpid()}_0"
    make_log(server.make(name), "example.org/contract", timeout_s=10)
    return name


@pytest.fixture
def log_database(server: Server, empty_log: str) -> Iterator[str]:
    """Give the address of a database with an empty log of its own in it."""
    name = f"orch_test_{os.getpid()}_{next(NUMBERS)}"
    yield server.make(name, like=empty_log)
    server.drop(name)


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """Give the address of an empty database, as a setting takes it."""
    with _empty(server) as address:
        yield address


@pytest.fixture
def second_database(server: Server) -> Iterator[str]:
    """Give the address of another one."""
    with _empty(server) as address:
        yield address


@contextmanager
def _empty(server: Server) -> Iterator[str]:
    name = f"orch_test_{os.getpid()}_{next(NUMBERS)}"
    server.make(name)
    yield server.setting(name)
    server.drop(name)

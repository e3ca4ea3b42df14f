"""What holds for every test: the same examples of hypothesis each time, for as long as they take; a server."""

import gc
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from hypothesis import HealthCheck, settings

from tests.postgres_server import Server, any_server

LONG = os.environ.get("RELIABILITY") == "long"
# The long campaigns look for examples that nobody has tried; a change is judged by the same ones each time, also where
# the machine is busy.
settings.register_profile(
    "same", deadline=None, derandomize=not LONG, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("same")
NUMBERS = count(1)
LONGEST = (
    *("properties/test_engine.py", "properties/test_garbage_words.py", "docs/test_production_guide.py"),
    *("cli/test_service.py", "cli/test_backups_s3_failures.py", "reliability/test_service_load.py"),
    *("reliability/test_service_kill.py", "properties/test_cached_heads.py", "reliability/test_kill_migrate.py"),
    *("cli/test_backups_s3_tail.py", "cli/test_backups_s3.py", "adapters/test_templates.py", "api/test_process.py"),
    *("reliability/test_recover_faults.py", "reliability/test_pgbouncer.py", "reliability/test_kill_import.py"),
    *("reliability/test_kill_following.py", "reliability/test_postgres_failover.py", "cli/test_verify_flips.py"),
    *("adapters/test_postgres_log_contract.py", "adapters/test_tiles.py", "interop/test_go.py"),
    *("api/test_tracing.py", "docs/test_monitoring.py", "adapters/test_tasks_text.py"),
)
"""Files that take longer than their number of tests says, the longest first (`--durations=60`)."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: one that is begun last would keep one processor waiting.

    After those the ones with the most tests, which is what pytest-xdist does by itself.
    """
    tests = Counter(item.path for item in items)
    ranks = {path: _rank(path.as_posix()) for path in tests}
    items.sort(key=lambda item: (ranks[item.path], -tests[item.path], item.path))


def _rank(path: str) -> int:
    return next((rank for rank, name in enumerate(LONGEST) if path.endswith(f"/tests/{name}")), len(LONGEST))


def pytest_collection_finish() -> None:
    """Leave what was collected out of all that the garbage collector looks at from now on: it stays to the end."""
    gc.freeze()


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


@pytest.fixture
def third_database(server: Server) -> Iterator[str]:
    """Give the address of a third one."""
    with _empty(server) as address:
        yield address


@contextmanager
def _empty(server: Server) -> Iterator[str]:
    name = f"orch_test_{os.getpid()}_{next(NUMBERS)}"
    server.make(name)
    yield server.setting(name)
    server.drop(name)

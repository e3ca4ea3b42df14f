"""A service in a process of its own, on either store, and what its log says afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from sys import executable
from time import monotonic, sleep
from typing import NamedTuple

import orjson

from adapters.stores import AnyLog, open_log
from tests.api.served import PATIENCE, Client, environment, issued, new_project, opened, setting

PAGE = 4096
AS_DEPLOYED = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
"""What the unit and the container tell the C library, and how memory is measured."""


class Home(NamedTuple):
    """A project that is served, and a token that opens everything."""

    folder: Path
    database: str | None
    token: str

    def log(self) -> AnyLog:
        """Open its log to read."""
        from adapters.places import find

        return open_log(find(self.folder, env=setting(self.database)), read_only=True)


class Running(NamedTuple):
    """A service that runs; `ready` is how many seconds it took until it said that it takes work."""

    process: "Popen[bytes]"
    client: Client
    ready: float

    @property
    def resident(self) -> int:
        """Bytes that it takes."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * PAGE


def new_home(folder: Path, database: str | None = None) -> Home:
    """Make a project and a token."""
    new_project(folder, database)
    with opened(folder, database) as project:
        return Home(folder, database, issued(project))


@contextmanager
def serving(home: Home, **settings: object) -> Iterator[Running]:
    """Start the service, and kill it at the end unless it has ended by then."""
    said = {f"ORCHESTRATOR_{name.upper()}": str(value) for name, value in settings.items()}
    words = [executable, "-m", "cli.main", "serve", "--port", "0", "--json"]
    began = monotonic()
    process = Popen(
        words,
        cwd=home.folder,
        env=environment() | setting(home.database) | AS_DEPLOYED | said,
        stdout=PIPE,
        stderr=DEVNULL,
    )
    try:
        assert process.stdout is not None
        client = Client(int(orjson.loads(process.stdout.readline())["data"]["url"].rpartition(":")[2]), home.token)
        while client.get("/health/ready").status != 200:
            sleep(0.01)
        yield Running(process, client, monotonic() - began)
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)

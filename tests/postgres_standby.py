"""Two real servers on ports of this machine: a primary, and a standby that streams from it; passwords count."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

import psycopg

from tests.ports import free_port
from tests.postgres_server import PROGRAMS, Server, as_nobody, running

PATIENCE_S = 60.0
PASSWORD = "a word that nobody guesses"
REPLICATOR = "replicator"
WHO = """\
local all         all           trust
local replication all           trust
host  all         all 127.0.0.1/32 scram-sha-256
host  replication replicator 127.0.0.1/32 scram-sha-256
"""
"""pg_hba.conf: whoever is on the socket is believed, everybody else has a password."""


class Pair(NamedTuple):
    """Both servers, their ports, and where a client has its passwords."""

    primary: Server
    standby: Server
    ports: tuple[int, int]
    passwords: Path
    folder: Path
    """Of the primary."""

    def address(self, database: str, *, user: str, hosts: slice = slice(None), more: str = "") -> str:
        """Return the address over TCP of both, or of one of them."""
        hosts_named = ",".join(f"127.0.0.1:{port}" for port in [*self.ports][hosts])
        return f"postgresql://{user}@{hosts_named}/{database}{more}"

    def until_same(self) -> None:
        """Wait until the standby has all that the primary has answered."""
        with psycopg.connect(self.primary.url, autocommit=True) as primary:
            (written,) = primary.execute("SELECT pg_current_wal_lsn()").fetchone() or ("",)
        with psycopg.connect(self.standby.url, autocommit=True) as standby:
            query = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
            until(lambda: standby.execute(query, (written,)).fetchone() == (True,))


@contextmanager
def pair(folder: Path, *users: str) -> Iterator[Pair]:
    """Run both, with roles that have a password each."""
    ports = free_port(), free_port()
    passwords = folder / "passwords"
    passwords.write_text(f"127.0.0.1:*:*:*:{PASSWORD}\n")
    passwords.chmod(0o600)
    with running(folder / "a", fsync=True, port=ports[0]) as primary:
        with psycopg.connect(primary.url, autocommit=True) as owner:
            for name in (*users, REPLICATOR):
                kind = "REPLICATION" if name == REPLICATOR else ""
                owner.execute(f"CREATE ROLE {name} LOGIN {kind} PASSWORD '{PASSWORD}'".encode())
            (folder / "a" / "data" / "pg_hba.conf").write_text(WHO)
            owner.execute("SELECT pg_reload_conf()")
        standby_of(f"postgresql://{REPLICATOR}@127.0.0.1:{ports[0]}/", folder / "b", passwords=passwords)
        with running(folder / "b", fsync=True, port=ports[1]) as standby:
            yield Pair(primary, standby, ports, passwords, folder / "a")


def standby_of(url: str, folder: Path, *, passwords: Path | None = None) -> None:
    """Copy a primary's data into a folder, as a standby that streams from it."""
    folder.mkdir()
    (folder / "data").mkdir(mode=0o700)
    known = folder / "passwords"
    if passwords is not None:
        shutil.copy(passwords, known)
    if os.geteuid() == 0:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "nobody")
    words = ["-d", url, "-D", str(folder / "data"), "-R", "-X", "stream", "-c", "fast"]
    env = os.environ | ({"PGPASSFILE": str(known)} if passwords else {})
    subprocess.run([PROGRAMS / "pg_basebackup", *words], check=True, capture_output=True, env=env, **as_nobody())


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end = monotonic() + PATIENCE_S
    while not holds():
        assert monotonic() < end
        sleep(0.02)

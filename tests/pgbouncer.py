"""A real PgBouncer before the tests' server, pooling by transaction."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.ports import free_port
from tests.postgres_server import as_nobody

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
PATIENCE_S = 20.0
SETTINGS = Path(__file__).parents[1] / "docs" / "deploy" / "postgresql" / "pgbouncer.ini"
"""The one that the documentation shows: what is tried is what is told."""


@contextmanager
def pooled(url: str) -> Iterator[str]:
    """Run it before a server; give the address of the same database through it. Without it the test is skipped."""
    if PROGRAM is None:
        pytest.skip("there is no pgbouncer here (Debian: pgbouncer)")
    told = conninfo_to_dict(url)
    folder = Path(tempfile.mkdtemp(prefix="orch-bouncer-"))
    folder.chmod(0o777)
    port = free_port()
    users = folder / "users.txt"
    users.write_text(f'"{told["user"]}" ""\n')
    here = {
        "* =": f"* = host={told['host']} port={told.get('port') or 5432}",
        "listen_addr": "listen_addr = 127.0.0.1",
        "listen_port": f"listen_port = {port}",
        "auth_type": "auth_type = trust",
        "auth_file": f"auth_file = {users}",
        "unix_socket_dir": f"unix_socket_dir = {folder}",
        "server_tls_sslmode": "server_tls_sslmode = disable",
    }
    lines = []
    for line in SETTINGS.read_text("utf-8").splitlines():
        names = [name for name in here if line.startswith(name)]
        lines.append(here.pop(names[0]) if names else line)
    assert not here, f"{SETTINGS} says nothing of {here}"
    file = folder / "pgbouncer.ini"
    file.write_text("\n".join(lines) + "\n")
    with (folder / "log").open("ab") as said:
        process = subprocess.Popen([PROGRAM, str(file)], stdout=said, stderr=said, **as_nobody())
    through = make_conninfo(url, host="127.0.0.1", port=str(port))
    try:
        until = monotonic() + PATIENCE_S
        while True:
            try:
                psycopg.connect(through).close()
                break
            except psycopg.OperationalError:
                assert process.poll() is None and monotonic() < until, (folder / "log").read_text("utf-8", "replace")
                sleep(0.05)
        yield through
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        shutil.rmtree(folder, ignore_errors=True)

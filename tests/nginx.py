"""A real nginx before a service, run from the file that the documentation shows."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from socket import create_connection
from time import monotonic, sleep

import pytest

from tests.api.served import PATIENCE, Client
from tests.certificates import signed_by_itself
from tests.ports import free_port

PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
FOLDER = Path(__file__).parents[1] / "docs" / "deploy" / "nginx"
SETTINGS = FOLDER / "orchestrator.conf"
"""The one that the documentation shows: what is tried is what is told."""
NAME = "orch.example.org"
AROUND = """\
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections {connections}; }}
http {{
    gzip on;
    gzip_types application/json;
    gzip_min_length 1;
    gzip_proxied any;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/orchestrator.conf;
}}
"""
"""What stands around ours on a machine; it packs answers, as many do."""


class Proxied(Client):
    """Asks the service through nginx, by TLS, from an address of its own."""

    def __init__(self, folder: Path, port: int, token: str | None = None, source: str = "127.0.0.1") -> None:
        super().__init__(port, token)
        self.folder, self.source = folder, source
        self.certificate = folder / "proxy.crt"

    def shows(self, token: str | None) -> "Proxied":
        """Return a client that shows another token."""
        return Proxied(self.folder, self.port, token, self.source)

    def comes_from(self, source: str) -> "Proxied":
        """Return a client with another address of this machine."""
        return Proxied(self.folder, self.port, self.token, source)

    def connection(self) -> HTTPConnection:
        """Return a new connection, whose other end shows the certificate."""
        knows = ssl.create_default_context(cafile=str(self.certificate))
        return HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE, context=knows, source_address=(self.source, 0))

    @property
    def url(self) -> str:
        """Where it is."""
        return f"https://127.0.0.1:{self.port}"

    def logged(self) -> str:
        """Return what nginx has written into the log of requests."""
        return (self.folder / "access.log").read_text("utf-8")


@contextmanager
def before(
    port: int, folder: Path, changed: Mapping[str, str] | None = None, *, connections: int = 768
) -> Iterator[Proxied]:
    """Run nginx before the service at a port. Without nginx the test is skipped.

    `changed` has lines of the file, by how they begin, as a test wants them otherwise.
    """
    if PROGRAM is None:
        pytest.skip("there is no nginx here (Debian: nginx-light)")
    folder.mkdir()
    signed_by_itself(folder, "proxy")
    taken = free_port()
    here = {
        "server 127.0.0.1:8420;": f"server 127.0.0.1:{port};",
        "listen 443 ssl;": f"listen 127.0.0.1:{taken} ssl;",
        "listen [::]:443 ssl;": "",
        "ssl_certificate ": f"ssl_certificate {folder}/proxy.crt;",
        "ssl_certificate_key ": f"ssl_certificate_key {folder}/proxy.key;",
        "access_log ": f"access_log {folder}/access.log orchestrator;",
        **(changed or {}),
    }
    lines = []
    for line in SETTINGS.read_text("utf-8").splitlines():
        names = [name for name in here if line.strip().startswith(name)]
        lines.append(here.pop(names[0]) if names else line)
    assert not here, f"{SETTINGS} says nothing of {here}"
    (folder / "orchestrator.conf").write_text("\n".join(lines) + "\n")
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, connections=connections))
    with (folder / "said").open("ab") as said:
        process = subprocess.Popen([PROGRAM, "-c", str(folder / "nginx.conf")], stdout=said, stderr=said)
    try:
        until = monotonic() + PATIENCE
        while True:
            try:
                create_connection(("127.0.0.1", taken), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None and monotonic() < until, (folder / "said").read_text("utf-8", "replace")
                sleep(0.02)
        yield Proxied(folder, taken)
    finally:
        process.terminate()
        process.wait(PATIENCE)

"""Real S3 servers that the tests start: one knows conditional writes; one knows none, and does not say so."""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple

import pytest

from tests.ports import free_port

ROOT = Path(__file__).parents[2]
RCLONE_KEY, RCLONE_SECRET = "AKIATESTTESTTESTTEST", "a-secret-that-only-this-test-knows"
BUCKETS = count(1)


class Asked(NamedTuple):
    """One request, as the server counted it."""

    received: int
    sent: int
    line: str


class Server(NamedTuple):
    """A server that runs, and what opens it."""

    url: str
    key: str
    secret: str
    log: Path | None
    data: Path | None
    """Where it keeps objects as files, if it does."""

    def environment(self) -> dict[str, str]:
        """Return the variables that people set for a server of their own."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }

    def client(self) -> Any:
        """Return a client that is not ours."""
        from botocore.session import Session

        session = Session()
        session.set_credentials(self.key, self.secret)
        return session.create_client("s3", region_name="us-east-1", endpoint_url=self.url)

    def bucket(self) -> str:
        """Make a bucket of its own, and return its name."""
        name = f"backups-{next(BUCKETS)}"
        self.client().create_bucket(Bucket=name)
        return name

    def break_at(self, number: int, how: str) -> None:
        """Let a request fail, counted from now: `before` it is carried out, or `after`, so that its answer is lost."""
        assert self.log is not None
        self.log.with_name("broken").write_text(f"{number} {how}")

    def was_broken(self) -> bool:
        """Tell whether it came so far; from now on nothing fails."""
        assert self.log is not None
        file = self.log.with_name("broken")
        still = file.exists()
        file.unlink(missing_ok=True)
        return not still

    def asked(self) -> list[Asked]:
        """Return every request so far."""
        assert self.log is not None
        lines = [line.split(" ", 2) for line in self.log.read_text().splitlines()]
        return [Asked(int(received), int(sent), line) for received, sent, line in lines]


@contextmanager
def moto(folder: Path) -> Iterator[Server]:
    """Start moto."""
    pytest.importorskip("moto.server", reason="moto is not installed; it is in the extra `dev`")
    log = folder / "asked.log"
    log.touch()
    line = [sys.executable, "-m", "tests.adapters.s3_moto", str(log)]
    with subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            told = json.loads(process.stdout.readline())
            yield Server(told["url"], told["key"], told["secret"], log, None)
        finally:
            process.kill()


@contextmanager
def rclone(folder: Path) -> Iterator[Server]:
    """Start rclone."""
    program = shutil.which("rclone", path=str(Path(sys.executable).parent)) or shutil.which("rclone")
    if program is None:
        pytest.skip("rclone is not installed; it is in the extra `dev`")
    address = f"127.0.0.1:{free_port()}"
    data = folder / "data"
    data.mkdir()
    key = f"{RCLONE_KEY},{RCLONE_SECRET}"
    line = [program, "serve", "s3", "--config", "/nonexistent", "--auth-key", key, "--addr", address, str(data)]
    with subprocess.Popen(line, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(address)
            yield Server(f"http://{address}", RCLONE_KEY, RCLONE_SECRET, None, data)
        finally:
            process.kill()


def _wait_for(address: str) -> None:
    host, port = address.split(":")
    until = monotonic() + 30
    while monotonic() < until:
        with socket.socket() as tried:
            if tried.connect_ex((host, int(port))) == 0:
                return
        sleep(0.05)
    raise TimeoutError(address)


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that knows conditional writes, one for all tests."""
    with moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="session")
def rclone_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that knows no conditional writes, one for all tests."""
    with rclone(tmp_path_factory.mktemp("rclone")) as server:
        yield server

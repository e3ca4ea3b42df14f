"""A real Redis server for the tests, on a socket in a folder of its own."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from adapters.redis_line import RedisLine, redis_at
from domain.errors import Unavailable

PROGRAM = shutil.which("redis-server")
PATIENCE_S = 20.0
WITHOUT = "there is no redis-server here (Debian: redis-server)"


class Redis:
    """A server that can be ended and begun again."""

    def __init__(self, folder: Path, *more: str, port: int = 0) -> None:
        assert PROGRAM is not None
        self._socket = folder / "redis.sock"
        words = ["--port", str(port), "--unixsocket", self._socket, "--save", "", "--appendonly", "no"]
        self._words = [PROGRAM, *map(str, words), "--dir", str(folder), *more]
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"
        self.begin()

    def begin(self) -> None:
        """Begin it, with nothing in it."""
        self._process = subprocess.Popen(self._words, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        until = monotonic() + PATIENCE_S
        while not self._is_up():
            assert self._process.poll() is None and monotonic() < until
            sleep(0.02)

    def kill(self) -> None:
        """End it as a power failure does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE_S)

    def ask(self, *words: str | bytes) -> bytes | None:
        """Say something to it, as an operator would."""
        line = RedisLine(redis_at(self.url), wait_s=PATIENCE_S)
        try:
            return line.ask(*(word.encode() if isinstance(word, str) else word for word in words))
        finally:
            line.close()

    def kept(self) -> list[bytes]:
        """Return the names of what readers keep in it, but for what a doctor tried."""
        script = "return table.concat(redis.call('KEYS', 'orch:heads:1:????*'), ' ')"
        return [key for key in (self.ask("EVAL", script, "0") or b"").split() if not key.endswith(b":tried")]

    def _is_up(self) -> bool:
        try:
            return self.ask("PING") is not None
        except Unavailable as error:
            return "Authentication required" in error.message


@contextmanager
def redis_server(*more: str, **words: Any) -> Iterator[Redis]:
    """Run a server, which ends with the block; without the program the test is skipped."""
    if PROGRAM is None:
        pytest.skip(WITHOUT)
    folder = Path(tempfile.mkdtemp(prefix="orch-redis-"))
    server = Redis(folder, *more, **words)
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)

"""A client of the service in a process of its own: many connections, each asking as fast as it is answered.

`python -m tests.reliability.service_client` reads what to do as JSON on stdin, and prints what came of it.
"""

import asyncio
import sys
from collections import Counter
from pathlib import Path
from subprocess import PIPE, Popen
from time import perf_counter, time_ns
from typing import Any, NamedTuple

import orjson

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0
DRAFTS_OF_A_PHASE = 200_000
"""Turns of all connections together after which each goes on to another phase."""


class Load(NamedTuple):
    """What to ask: so many `drafts` altogether over `connections`, or as many as go into `seconds`."""

    port: int
    token: str
    connections: int = 50
    drafts: int = 0
    seconds: float = 0.0
    prefix: str = "load"
    together: bool = False
    """One request of each connection, all begun at the same moment."""
    reads: int = 0
    """Beside every draft so many reads."""


class Came(NamedTuple):
    """What came of it."""

    statuses: dict[str, int]
    """How often each came, with its code where it has one; `lost` are connections that ended without an answer."""
    seconds: float
    p50_ms: float
    p99_ms: float
    longest_ms: float
    answered: list[str]
    """The keys of the drafts that were answered 200."""

    @property
    def total(self) -> int:
        """How many were asked."""
        return sum(self.statuses.values())


def start(load: Load) -> "Popen[bytes]":
    """Begin to ask, in another process."""
    words = [sys.executable, "-m", "tests.reliability.service_client"]
    process = Popen(words, cwd=ROOT, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    process.stdin.write(orjson.dumps(load._asdict()))
    process.stdin.close()
    process.stdin = None
    return process


def result(process: "Popen[bytes]") -> Came:
    """Wait for what came of it."""
    out, _ = process.communicate(timeout=3600)
    assert process.returncode == 0
    return Came(**orjson.loads(out))


def asked(load: Load) -> Came:
    """Ask, and return what came of it."""
    return result(start(load))


class _Asking:
    def __init__(self, load: Load) -> None:
        self.load = load
        self.statuses: Counter[str] = Counter()
        self.took: list[float] = []
        self.answered: list[str] = []
        self.used: set[Any] = set()
        self.stale: set[Any] = set()
        self.left = load.drafts or sys.maxsize
        self.ends = float("inf")

    async def run(self) -> Came:
        lines = await asyncio.gather(*(_connected(self.load.port) for _ in range(self.load.connections)))
        began = perf_counter()  # not before: on a busy machine many connections take a while
        if self.load.seconds:
            self.ends = began + self.load.seconds
        await asyncio.gather(*(self._one(number, streams) for number, streams in enumerate(lines)))
        seconds = perf_counter() - began
        took = sorted(self.took) or [0.0]
        p50, p99 = (1000 * took[min(len(took) - 1, int(len(took) * part))] for part in (0.5, 0.99))
        return Came(dict(self.statuses), seconds, p50, p99, 1000 * took[-1], self.answered)

    async def _one(self, number: int, streams: Any) -> None:
        """Ask over one connection; where it ends, over another one."""
        while self.left > 0 and perf_counter() < self.ends:
            self.left -= 1
            turn = self.load.drafts - self.left if self.load.drafts else len(self.took)
            key = f"{self.load.prefix}-{number}-{turn}-{time_ns()}"
            wanted = [(self._draft(number, turn, key), key), *[(self._read(number, turn), "")] * self.load.reads]
            for request, name in wanted:
                if streams is None:
                    streams = await _connected(self.load.port)
                if streams is None:
                    self.statuses["refused"] += 1
                    await asyncio.sleep(0.01)
                    continue
                reused = streams[1] in self.used
                self.used.add(streams[1])
                was, streams = streams, await self._ask(streams, request, name, last=not reused)
                if streams is None and reused and was[1] in self.stale:  # as HTTP has it: once more, with its key
                    streams = await _connected(self.load.port)
                    if streams is not None:
                        self.used.add(streams[1])
                        streams = await self._ask(streams, request, name)
            if self.load.together:
                break
        if streams is not None:
            streams[1].close()

    async def _ask(self, streams: Any, request: bytes, key: str, *, last: bool = True) -> Any:
        began = perf_counter()
        try:
            status, headers, body = await asyncio.wait_for(_exchanged(streams[0], streams[1], request), PATIENCE_S)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            unanswered = isinstance(error, ConnectionError) or not getattr(error, "partial", b"x")
            if unanswered and not last:  # the server had let the connection go meanwhile
                self.stale.add(streams[1])
            else:
                self.statuses["lost"] += 1
            streams[1].close()
            return None
        self.took.append(perf_counter() - began)
        self.statuses[f"{status} {orjson.loads(body)['code']}" if status >= 400 else str(status)] += 1
        if status == 200 and key:
            self.answered.append(key)
        if b"connection: close" in headers.lower():
            streams[1].close()
            return None
        return streams

    def _draft(self, number: int, turn: int, key: str) -> bytes:
        body = orjson.dumps({"objectives": [f"Round trip below {turn} ms"]})
        path = f"/api/v1/phases/{self.load.prefix}-{number}-{turn // DRAFTS_OF_A_PHASE}/spec"
        return self._request("POST", path, body, f"Idempotency-Key: {key}\r\nContent-Type: application/json\r\n")

    def _read(self, number: int, turn: int) -> bytes:
        path = f"/api/v1/phases/{self.load.prefix}-{number}-{turn // DRAFTS_OF_A_PHASE}"
        return self._request("GET", path, b"", "")

    def _request(self, method: str, path: str, body: bytes, more: str) -> bytes:
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.load.token}\r\n{more}"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _connected(port: int) -> Any:
    try:
        return await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return None


async def _exchanged(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> Any:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return int(head.split(maxsplit=2)[1]), head, await reader.readexactly(length)


def main() -> None:
    """Do what stdin says."""
    came = asyncio.run(_Asking(Load(**orjson.loads(sys.stdin.buffer.read()))).run())
    sys.stdout.buffer.write(orjson.dumps(came._asdict()))


if __name__ == "__main__":
    main()

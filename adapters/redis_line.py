"""What is asked of a Redis server: a few words of its protocol (RESP 2), answered in time or not at all."""

import socket
from contextlib import ExitStack
from time import monotonic
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from domain.errors import InvalidInput, Unavailable

PORT = 6379
WAIT_S = 0.5
"""So long a command waits for the whole of a conversation: without a cache it would have been done by then."""
MOST = 32 << 20
"""Bytes of an answer that are taken in."""
LONGEST_LINE = 4096
SCHEMES = ("redis", "rediss", "unix")
AUTHORITIES = "ssl_ca_certs"
"""The one option of an address, as other clients name it: a file of authorities, for rediss."""
EXAMPLE = ("export ORCHESTRATOR_CACHE_URL=redis://127.0.0.1:6379/0",)


class RedisAt(NamedTuple):
    """An address of a server."""

    where: str
    """As it may be shown."""
    host: str
    port: int
    path: str
    """Of a socket on this machine; empty where it is a host."""
    user: str
    password: str
    number: int
    """Of the database."""
    is_encrypted: bool
    authorities: str | None


def redis_at(url: str) -> RedisAt:
    """Read an address: redis://user:password@host:port/0, rediss://…?ssl_ca_certs=FILE, unix:///path?db=0."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORT
        options = {name: values[-1] for name, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()}
        is_socket = parts.scheme == "unix"
        number = int(options.pop("db", "") or ("" if is_socket else parts.path.strip("/")) or 0)
    except ValueError:
        raise _no_address() from None
    authorities = options.pop(AUTHORITIES, None)
    if parts.scheme not in SCHEMES or options or number < 0 or not (parts.path if is_socket else parts.hostname):
        raise _no_address()
    return RedisAt(
        where=parts.path if is_socket else f"{parts.hostname}:{port}",
        host=parts.hostname or "",
        port=port,
        path=unquote(parts.path) if is_socket else "",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        number=number,
        is_encrypted=parts.scheme == "rediss",
        authorities=authorities,
    )


class RedisLine:
    """One conversation with a server. Whatever goes wrong in it is `Unavailable`."""

    def __init__(self, at: RedisAt, *, wait_s: float = WAIT_S) -> None:
        self._at = at
        self._until = monotonic() + wait_s
        self._heard = bytearray()
        self._socket: socket.socket | None = None
        with ExitStack() as stack:  # whatever fails on the way leaves no connection behind
            stack.callback(self.close)
            try:
                self._connect()
            except OSError as error:
                raise self._gone(error) from error
            if at.password:
                self.ask(b"AUTH", *filter(None, (at.user.encode(), at.password.encode())))
            if at.number:
                self.ask(b"SELECT", str(at.number).encode())
            stack.pop_all()

    def ask(self, *words: bytes) -> bytes | None:
        """Return what the server answers to a command; None where it has nothing there."""
        told = b"".join((b"*%d\r\n" % len(words), *(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)))
        assert self._socket is not None
        try:
            self._socket.settimeout(self._left())
            self._socket.sendall(told)
            return self._answer()
        except OSError as error:
            raise self._gone(error) from error

    def close(self) -> None:
        """Let go of the server."""
        if self._socket is not None:
            self._socket.close()

    def _connect(self) -> None:
        if self._at.path:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.settimeout(self._left())
            self._socket.connect(self._at.path)
            return
        self._socket = socket.create_connection((self._at.host, self._at.port), self._left())
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._at.is_encrypted:
            import ssl

            context = ssl.create_default_context(cafile=self._at.authorities)
            self._socket.settimeout(self._left())
            self._socket = context.wrap_socket(self._socket, server_hostname=self._at.host)

    def _answer(self) -> bytes | None:
        """Read one answer: a word, a number, bytes of a length, or an error."""
        line = self._until_end()
        kind, said = line[:1], line[1:]
        if kind in (b"+", b":"):
            return said
        if kind == b"$" and said == b"-1":
            return None
        if kind == b"$" and said.isdigit() and int(said) <= MOST:
            return self._exactly(int(said) + 2)[:-2]
        if kind == b"-":
            why = said[:200].decode("ascii", "replace").rstrip(".")
            raise Unavailable(f"The cache at {self._at.where} refuses: {why}.")
        raise Unavailable(f"What answers at {self._at.where} is no Redis server.")

    def _until_end(self) -> bytes:
        while (end := self._heard.find(b"\r\n")) < 0:
            if len(self._heard) > LONGEST_LINE:
                raise Unavailable(f"What answers at {self._at.where} is no Redis server.")
            self._hear()
        line = bytes(self._heard[:end])
        del self._heard[: end + 2]
        return line

    def _exactly(self, length: int) -> bytes:
        while len(self._heard) < length:
            self._hear()
        found = bytes(self._heard[:length])
        del self._heard[:length]
        return found

    def _hear(self) -> None:
        assert self._socket is not None
        self._socket.settimeout(self._left())
        data = self._socket.recv(1 << 18)
        if not data:
            raise ConnectionResetError("it closed the connection")
        self._heard += data

    def _left(self) -> float:
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError("it takes too long")
        return left

    def _gone(self, error: OSError) -> Unavailable:
        return Unavailable(f"The cache at {self._at.where} does not answer: {error.strerror or error}.")


def _no_address() -> InvalidInput:
    return InvalidInput("That is no address of a Redis server.", fix=EXAMPLE)

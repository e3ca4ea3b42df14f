"""What is asked of a Redis server, answered soon or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from domain.errors import InvalidInput, Unavailable

PORT = 6379
WAIT_S = 0.5
"""So long a command waits for a server that says nothing: without a cache it would have been done by then."""
MOST = 32 << 20
"""Bytes of an answer that are taken in."""
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
        try:
            from redis import Redis, RedisError, ResponseError  # 0.1 s: only whoever names a cache pays for it
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError:
            raise Unavailable(
                'A cache needs the package redis: pip install "nss-orchestrator[redis]".',
            ) from None
        self._at = at
        self._refusals, self._errors = ResponseError, (RedisError, OSError)
        place: dict[str, Any] = {"unix_socket_path": at.path} if at.path else {"host": at.host, "port": at.port}
        if at.is_encrypted:
            place |= {"ssl": True, "ssl_ca_certs": at.authorities, "ssl_check_hostname": True}
        with self._spoken():
            self._redis: Redis = Redis(
                **place,
                db=at.number,
                username=at.user or None,
                password=at.password or None,
                protocol=2,
                socket_timeout=wait_s,
                socket_connect_timeout=wait_s,
                retry=Retry(NoBackoff(), 0),  # there is something better to do than to ask again: read the log
                single_connection_client=True,
            )

    def ask(self, *words: bytes) -> bytes | None:
        """Return what the server answers to a command; None where it has nothing there."""
        with self._spoken():
            answer = self._redis.execute_command(*words)  # type: ignore[no-untyped-call]  # redis-py has it so
        return answer if answer is None or isinstance(answer, bytes) else str(answer).encode()

    def close(self) -> None:
        """Let go of the server."""
        self._redis.close()

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            what = "refuses" if isinstance(error, self._refusals) else "does not answer"
            said = " ".join(str(error).split())[:200].rstrip(".")
            raise Unavailable(f"The cache at {self._at.where} {what}: {said}.") from error


def _no_address() -> InvalidInput:
    return InvalidInput("That is no address of a Redis server.", fix=EXAMPLE)

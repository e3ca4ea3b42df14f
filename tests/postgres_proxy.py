"""What lies between a client and its server, and can be cut: before a request arrives, while it runs, or after."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from select import select
from threading import Thread

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class When(Enum):
    """When the line is cut, seen from the request that holds the words."""

    BEFORE = "the server never hears of it"
    DURING = "the server is at it"
    AFTER = "the server has answered, and the client never hears of it"


class Proxy:
    """Passes on what both sides say, connection by connection."""

    def __init__(self, url: str) -> None:
        self._told = conninfo_to_dict(url)
        self._listening = socket.create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        self.url = make_conninfo(**self._told | {"host": "127.0.0.1", "port": port, "sslmode": "disable"})
        """The address of the server through this proxy."""
        self._cut: tuple[When, bytes] | None = None
        self.cuts = 0
        Thread(target=self._accept, daemon=True).start()

    def cut_once(self, when: When, words: bytes) -> None:
        """Cut the next connection on which a client says these words."""
        self._cut = when, words

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):  # it may be closed already
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, self._server() as server, suppress(OSError):
            swallow = False
            while True:
                for ready in select([client, server], [], [])[0]:
                    data = ready.recv(1 << 16)
                    if not data or (ready is server and swallow):
                        return
                    when = self._hit(data) if ready is client else None
                    if when is When.BEFORE:
                        return
                    (server if ready is client else client).sendall(data)
                    if when is When.DURING:
                        return
                    swallow = swallow or when is When.AFTER

    def _hit(self, data: bytes) -> When | None:
        if self._cut is None or self._cut[1] not in data:
            return None
        when, _ = self._cut
        self._cut = None
        self.cuts += 1
        return when

    def _server(self) -> socket.socket:
        host, port = str(self._told["host"]), int(self._told.get("port") or 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server


@contextmanager
def proxied(url: str) -> Iterator[Proxy]:
    """Run a proxy before a server."""
    proxy = Proxy(url)
    try:
        yield proxy
    finally:
        proxy.close()

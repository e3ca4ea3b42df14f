"""What lies between a client and a service, and can be cut as the one before a database can."""

import socket
from threading import Thread

from tests.postgres_proxy import Proxy, When


class HttpProxy(Proxy):
    """Passes on what a client and a service on this machine say."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._cut: tuple[When, bytes] | None = None
        self.cuts = 0
        Thread(target=self._accept, daemon=True).start()

    def _server(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._port))

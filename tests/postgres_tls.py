"""What encrypts before a server that was built without it, as a pool or a load balancer does: TLS ends here."""

import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select
from threading import Thread

SSL_REQUEST, GSS_REQUEST = 80_877_103, 80_877_104


@contextmanager
def encrypting(port: int, certificate: Path) -> Iterator[int]:
    """Run it before a port of this machine, with a certificate and the key beside it; give its own port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    listening = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                Thread(target=_serve, args=(client, context, port), daemon=True).start()

    Thread(target=accept, daemon=True).start()
    try:
        own: int = listening.getsockname()[1]
        yield own
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def _serve(client: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with client, suppress(OSError):
        while True:
            _, asked = struct.unpack("!II", client.recv(8, socket.MSG_PEEK | socket.MSG_WAITALL))
            if asked not in (SSL_REQUEST, GSS_REQUEST):
                return  # it begins in the clear
            client.recv(8)
            client.sendall(b"S" if asked == SSL_REQUEST else b"N")
            if asked == SSL_REQUEST:
                break
        with (
            context.wrap_socket(client, server_side=True) as inside,
            socket.create_connection(("127.0.0.1", port)) as there,
        ):
            while True:
                ready = [inside] if inside.pending() else select([inside, there], [], [])[0]
                for each in ready:
                    data = each.recv(1 << 16)
                    if not data:
                        return
                    (there if each is inside else inside).sendall(data)

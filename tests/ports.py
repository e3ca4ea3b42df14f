"""Ports for servers that are told theirs before they run: below those that the system gives to whoever asks for any."""

import os
import socket
from itertools import count

FIRST, PAST = 15_000, 32_000
APART = 499
"""So many ports are for one process of tests before those of the next one begin."""
NUMBERS = count()


def free_port() -> int:
    """Return a port of this machine that nobody listens on, each time another one.

    One that the system gave out and took back could be somebody else's by the time that it is used: a server's of the
    tests in the other process, or a connection's, even of one to that very port, which then talks to itself.
    """
    while True:
        port = FIRST + (os.getpid() * APART + next(NUMBERS)) % (PAST - FIRST)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port

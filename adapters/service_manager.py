"""What systemd is told of a service: one datagram to the socket that it names (sd_notify(3))."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Self

SOCKET, WATCHDOG, WATCHED = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"


class ServiceManager:
    """The manager that started this process. Telling it something costs nobody time, and its absence no service."""

    def __init__(self, address: str, *, watchdog_s: float | None = None) -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address  # an abstract socket (unix(7))
        self.watchdog_s = watchdog_s
        """How long it waits for a sign of life before it ends the process; None where it does not."""

    @classmethod
    def around(cls, env: Mapping[str, str] = os.environ, pid: int | None = None) -> Self | None:
        """Return the manager, or None where nobody wants to be told anything."""
        address = env.get(SOCKET, "")
        if not address.startswith(("/", "@")) or len(address) < 2:
            return None
        us = env.get(WATCHDOG, "")
        meant = env.get(WATCHED) in (None, "", str(os.getpid() if pid is None else pid))
        seconds = int(us) / 1_000_000 if us.isascii() and us.isdecimal() and len(us) < 16 and meant else 0
        return cls(address, watchdog_s=seconds or None)

    def tell(self, **words: str) -> None:
        """Tell it something, such as READY=1 or STATUS=what a person should read."""
        text = "\n".join(f"{name}={' '.join(words[name].split())}" for name in words)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as opened:
            opened.setblocking(False)
            with suppress(OSError):  # a manager that hears nothing acts by itself; the service goes on
                opened.sendto(text.encode("utf-8", "replace"), self._address)

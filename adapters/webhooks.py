"""Webhooks as Standard Webhooks 1.0 signs them (https://www.standardwebhooks.com), sent with Python's own client.

`http.client` follows no redirects and obeys no proxy variables, which is what is wanted here; it needs no package.
"""

import base64
import binascii
import hmac
from collections.abc import Callable
from hashlib import sha256
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from ssl import create_default_context
from time import time
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from adapters.background import Background
from adapters.loopback import is_loopback
from adapters.secret_files import secret_in
from domain.errors import InvalidInput

PREFIX = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64
"""Of a secret, as the specification has it."""
LONGEST = 1024
"""Bytes of a file with one."""
WAITS = (1.0, 5.0, 30.0, 120.0)
"""Seconds before each further attempt."""
TIMEOUT_S = 10.0
WAITING = 100
GONE = 410
"""Whoever answers so wants no more of this message."""


class Message(NamedTuple):
    """What is sent, the same at every attempt."""

    id: str
    body: bytes


class Hook(NamedTuple):
    """Where messages go, and the secret they are signed with."""

    url: str
    secret: bytes

    def headers(self, message: Message, *, at: int) -> dict[str, str]:
        """Return the headers of an attempt: the time is that of the attempt, and is signed."""
        signed = f"{message.id}.{at}.".encode() + message.body
        signature = base64.b64encode(hmac.new(self.secret, signed, sha256).digest()).decode()
        return {
            "Content-Type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(at),
            "webhook-signature": f"v1,{signature}",
        }

    def post(self, message: Message) -> int:
        """Send a message once and return the status of the answer. Raises OSError and HTTPException."""
        parts = urlsplit(self.url)
        assert parts.hostname
        line: HTTPConnection
        if parts.scheme == "https":
            line = HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT_S, context=create_default_context())
        else:
            line = HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            line.request("POST", path, message.body, self.headers(message, at=int(time())))
            return line.getresponse().status
        finally:
            line.close()


class Deliveries:
    """Sends messages aside: tried again with growing pauses, and given up in the end."""

    def __init__(
        self, hook: Hook, *, told: Callable[[str, Message, int], None], waits: tuple[float, ...] = WAITS
    ) -> None:
        """`told` hears `delivered`, `failed` (and is tried again) or `given_up`, and the number of the attempt."""
        self._hook, self._told, self._waits = hook, told, waits
        self.background = Background[Message]("webhook", self._deliver, most=WAITING)

    def send(self, id: str, document: dict[str, Any]) -> None:  # noqa: A002  # the name that the specification has
        """Have a document delivered."""
        self.background.put(Message(id, orjson.dumps(document)))

    def close(self) -> None:
        """Give up what waits to be tried again; one attempt that is under way may end."""
        self.background.close(seconds=TIMEOUT_S)

    def _deliver(self, message: Message) -> None:
        for attempt, wait in enumerate((*self._waits, None), start=1):
            try:
                status = self._hook.post(message)
            except (OSError, HTTPException):
                status = 0
            if 200 <= status < 300:
                return self._told("delivered", message, attempt)
            if wait is None or status == GONE:
                break
            self._told("failed", message, attempt)
            if self.background.ending.wait(wait):
                break
        return self._told("given_up", message, attempt)


def hook_from(url: str, secret_file: Path | None) -> Hook:
    """Return the hook that the settings name. Raises `InvalidInput` for one that would leak, `FilesUnavailable`."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise InvalidInput("security.webhook_url needs https://, unless it is on this machine.", fix=_HELP)
    if parts.username or parts.password:
        raise InvalidInput("security.webhook_url holds a password; the signature says who sends.", fix=_HELP)
    if secret_file is None:
        raise InvalidInput(
            "A webhook needs a secret: security.webhook_secret_file names the file that holds whsec_….", fix=_HELP
        )
    return Hook(url, hook_secret(secret_file))


_HELP = ("orch config show --help",)


def hook_secret(path: Path) -> bytes:
    """Return the secret of a file that nobody else may read."""
    words = secret_in(path, most=LONGEST, setting="security.webhook_secret_file")
    try:
        secret = base64.b64decode(words.removeprefix(PREFIX), validate=True) if words.startswith(PREFIX) else b""
    except binascii.Error:
        secret = b""
    if not LEAST_BYTES <= len(secret) <= MOST_BYTES:
        raise InvalidInput(
            f"{path} holds no secret of a webhook: {PREFIX} and {LEAST_BYTES} to {MOST_BYTES} bytes in Base64.",
            fix=(f'(umask 077; echo "{PREFIX}$(openssl rand -base64 32)" > {path})',),
        )
    return secret

"""Asking a running service for its health and its figures."""

import os
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit

from adapters.loopback import is_loopback
from adapters.service_at import TOKEN
from adapters.service_problems import document_in
from adapters.settings import is_url
from domain.errors import InvalidInput, NotFound, Unavailable

CREATE = "orch token create monitor --kind service --scope metrics"
TIMEOUT_S = 5.0
MOST_BYTES = 8 * 1024 * 1024


class Asked(NamedTuple):
    """A service, and the token that is shown to it."""

    url: str
    token: str

    def health(self) -> str:
        """Return what it says of itself: healthy or unhealthy. Raises `Unavailable`."""
        status, body = self._get("/health/orchestrator", shows=False)
        said = (document_in(body) or {}).get("status")
        return said if isinstance(said, str) and status != 404 else "unhealthy"

    def figures(self) -> str:
        """Return its page of figures. Raises `Unavailable`, `NotFound` and `InvalidInput`."""
        status, body = self._get("/metrics", shows=True)
        if status == 200:
            return body.decode("utf-8", "replace")
        if status in (401, 403):
            raise InvalidInput("The service does not take this token for its figures.", fix=(CREATE,))
        if status == 404:
            raise NotFound("What answers there has no figures: it is no service of orch, or an older one.")
        raise Unavailable(f"The service answers with status {status}.")

    def _get(self, path: str, *, shows: bool) -> tuple[int, bytes]:
        parts = urlsplit(self.url)
        line: HTTPConnection
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        try:
            line = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        except ValueError as error:
            raise InvalidInput(f"--url has no such port: {error}.") from None
        try:
            headers = {"Authorization": f"Bearer {self.token}"} if shows else {}
            line.request("GET", f"{parts.path.rstrip('/')}{path}", headers=headers)
            answered = line.getresponse()
            return answered.status, answered.read(MOST_BYTES)
        except (OSError, HTTPException) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise Unavailable(f"The service at {self.url} does not answer: {why}.", fix=("orch serve",)) from error
        finally:
            line.close()


def service_at(url: str) -> Asked:
    """Return the service at an address. Refuses to show a token where others on the way could read it."""
    parts = urlsplit(url) if is_url(url) else None
    if parts is None or parts.username or parts.query or parts.fragment:
        raise InvalidInput(
            "--url is the address of a service and no more, such as https://orch.example.org.",
            fix=("orch monitor --url http://127.0.0.1:8420",),
        )
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise InvalidInput(
            "--url needs https://, unless the service is on this machine: the token would go in the clear."
        )
    token = os.environ.get(TOKEN, "").strip()
    if not token or not token.isascii() or not token.isprintable():
        raise InvalidInput(
            f"{TOKEN} has to hold a token with the scope metrics.", fix=(CREATE, f'export {TOKEN}="orch_…"')
        )
    return Asked(url.rstrip("/"), token)

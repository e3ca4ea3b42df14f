"""Asking a running service for its health and its figures."""

from typing import NamedTuple

from adapters.service_line import ServiceLine
from adapters.service_problems import document_in
from cli.service_named import line_to
from domain.errors import Rejected

CREATE = "orch token create monitor --kind service --scope metrics"
TIMEOUT_S = 5.0
MOST_BYTES = 8 * 1024 * 1024


class Asked(NamedTuple):
    """A service, and the line to it."""

    url: str
    line: ServiceLine

    def health(self) -> str:
        """Return what it says of itself: healthy or unhealthy. Raises `Unavailable`."""
        said = self.line.look("/health/orchestrator", most=MOST_BYTES, shows=False)
        status = (document_in(said.body) or {}).get("status")
        return status if isinstance(status, str) and said.status != 404 else "unhealthy"

    def figures(self) -> str:
        """Return its page of figures. Raises what it answers instead: `Rejected` for a token of another scope."""
        said = self.line.look("/metrics", most=MOST_BYTES)
        if said.status == 200:
            return said.body.decode("utf-8", "replace")
        refusal = self.line.refusal(said)
        if isinstance(refusal, Rejected):
            refusal.fix = (CREATE,)
        raise refusal


def service_at(url: str) -> Asked:
    """Return the service at an address. Refuses to show a token where others on the way could read it."""
    return Asked(url.rstrip("/"), line_to(url, shows=True, seconds=TIMEOUT_S))

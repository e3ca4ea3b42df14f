"""How much the service takes on, as the settings say."""

from typing import NamedTuple

from adapters.settings_file import settings_of
from usecases.project import Project

MB = 1024 * 1024


class Bounds(NamedTuple):
    """The limits of one service; rates are requests a minute, and 0 is no limit."""

    most: int = 100
    """Operations at the same time."""
    room: int = 1000
    """Requests that may wait for their turn."""
    seconds: float = 30.0
    """How long a request may take, its waiting included."""
    memory: int = 512 * MB
    """Bytes that the process may take before it refuses new work."""
    per_token: int = 1200
    per_address: int = 3000
    failures_per_address: int = 30

    @property
    def connections(self) -> int:
        """Connections at the same time: one for whoever works or waits, some for those who follow or look after us."""
        return self.most + self.room + 200


NAMES = (
    "max_concurrent",
    "operation_queue_size",
    "operation_timeout_ms",
    "memory_limit_mb",
    "rate_per_token",
    "rate_per_address",
    "failures_per_address",
)


def bounds_of(project: Project) -> Bounds:
    """Return the bounds that the settings of a project say. Raises `InvalidInput`."""
    found = settings_of(NAMES, project.places.settings, flags=project.given)
    most, room, timeout_ms, memory_mb, *rates = (int(str(found[name].value)) for name in NAMES)
    return Bounds(most, room, timeout_ms / 1000, memory_mb * MB, *rates)

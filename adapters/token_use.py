"""When each token was last used: the time of a file beside the store, because using one must not grow the log."""

import os
from contextlib import suppress
from pathlib import Path
from threading import Lock

from adapters.places import Places

EVERY_US = 60_000_000
"""A file is touched at most once a minute."""


class TokenUse:
    """Notes the use of tokens on this machine. What cannot be noted keeps nobody out."""

    def __init__(self, places: Places) -> None:
        self._folder = _folder(places)
        self._noted: dict[str, int] = {}
        self._guard = Lock()

    def note(self, token: str, at_us: int) -> None:
        """Note that a token was used, unless that was noted a moment ago."""
        with self._guard:
            if abs(at_us - self._noted.get(token, 0)) < EVERY_US:  # a clock may be set back
                return
            self._noted[token] = at_us
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            file = os.open(self._folder / token, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                os.utime(file, ns=(at_us * 1000, at_us * 1000))
            finally:
                os.close(file)


def last_used(places: Places, token: str) -> int | None:
    """Return when a token was last used on this machine, µs since the epoch, or None."""
    try:
        return (_folder(places) / token).stat().st_mtime_ns // 1000
    except OSError:
        return None


def _folder(places: Places) -> Path:
    return places.state / "tokens"

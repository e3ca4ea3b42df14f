"""Word that a log in a folder has grown, from the kernel (inotify): no polling, and no file is held open.

A writer closes the file of the writers' queue after its commit: one word for each transaction, when readers see it.
SQLite's own word, `PRAGMA data_version`, needs an open connection, and one that idles keeps others from putting
another log into its place.
"""

import ctypes
import os
from pathlib import Path
from select import POLLIN, poll
from struct import Struct
from time import monotonic, sleep

IN_CLOSE_WRITE, IN_MOVED_TO, IN_CREATE, IN_Q_OVERFLOW = 0x8, 0x80, 0x100, 0x4000
HEADER = Struct("iIII")
"""inotify(7): watch, mask, cookie, length of the name that follows."""
ROOM = 64 * 1024
LOOK_S = 0.25
"""Where the kernel tells nothing, whoever follows looks that often."""


class FileChanges:
    """The port `Changes` on a folder whose log has this name."""

    def __init__(self, log: Path) -> None:
        name = os.fsencode(log.name)
        self._words = {(b"%b-writers" % name, IN_CLOSE_WRITE), (name, IN_MOVED_TO), (name, IN_CREATE)}
        self._listening = _listening(log.parent)

    @property
    def told(self) -> bool:
        """Whether the kernel tells of changes, so that nobody has to look."""
        return self._listening is not None

    def wait(self, seconds: float) -> bool:
        """Wait for word. Without a kernel that gives any, every wait ends with a look."""
        if self._listening is None:
            sleep(min(seconds, LOOK_S))
            return True
        waiting = poll()
        waiting.register(self._listening, POLLIN)
        until = monotonic() + seconds
        while True:
            left = max(until - monotonic(), 0.0)
            if waiting.poll(left * 1000):
                if self._is_about_the_log(os.read(self._listening, ROOM)):
                    return True
            elif not left:
                return False

    def close(self) -> None:
        """Listen no longer."""
        if self._listening is not None:
            os.close(self._listening)
            self._listening = None

    def _is_about_the_log(self, words: bytes) -> bool:
        at = 0
        while at < len(words):
            _, mask, _, length = HEADER.unpack_from(words, at)
            at += HEADER.size
            name = words[at : at + length].rstrip(b"\0")
            if mask & IN_Q_OVERFLOW or (name, mask) in self._words:
                return True
            at += length
        return False


def _listening(folder: Path) -> int | None:
    """Return what is read for word about the files of a folder, or None where there is no such kernel, or no room."""
    try:
        libc = ctypes.CDLL(None)
        listening: int = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, AttributeError):
        return None
    if listening < 0:
        return None
    if libc.inotify_add_watch(listening, os.fsencode(folder), IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE) < 0:
        os.close(listening)
        return None
    return listening

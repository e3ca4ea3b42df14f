"""Who has the file of a log open: other processes, found by the locks that SQLite holds for as long as it is open."""

import os
from pathlib import Path
from time import monotonic, sleep

LOCKS = Path("/proc/locks")
"""proc_locks(5): one line for each lock of this machine; those of other containers are not in it."""
PAUSE_S = 0.05
STAY = ("serve", "follow")
"""The commands that keep the file open for as long as they run."""


def lasting_holder(path: Path, *, patience_s: float) -> int | None:
    """Return the id of a process that keeps the file open, or None where none is known to.

    Commands open it for a moment, however many come one after the other: only who has it all the time keeps it open.
    """
    until, lasting = monotonic() + patience_s, _holders(path)
    while lasting and monotonic() < until:
        sleep(PAUSE_S)
        lasting &= _holders(path)
    return min(lasting, default=None)


def service_of(process: int) -> str:
    """Return which of ours that stay a process is, `orch serve` or `orch follow`; nothing where it is neither."""
    words = _said_of(process, "cmdline").split("\0")
    for at, word in enumerate(words):
        if word == "cli.main" or Path(word).name == "orch":
            return next((f"orch {each}" for each in words[at + 1 :] if each in STAY), "")
    return ""


def program_of(process: int) -> str:
    """Return what the system calls a process, as it calls itself; nothing where nobody says.

    What was typed to begin it is left out: there may be a secret in that.
    """
    return _said_of(process, "comm").strip()


def _said_of(process: int, what: str) -> str:
    try:
        return Path(f"/proc/{process}/{what}").read_text("utf-8", "replace")
    except OSError:  # it has ended, or is hidden
        return ""


def _holders(path: Path) -> set[int]:
    try:
        found = path.stat()
        lines = LOCKS.read_text("ascii", "replace").splitlines()
    except OSError:  # no such file, or no such system: nobody is known
        return set()
    file = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    rows = [line.split() for line in lines]
    return {int(row[4]) for row in rows if len(row) == 8 and row[1] == "POSIX" and row[5] == file} - {os.getpid()}

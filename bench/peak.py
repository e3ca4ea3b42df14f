"""Verify a log and print how much memory that took at most, in KiB: this process and the one that hashes beside it."""

import sys
from pathlib import Path
from threading import Event, Thread

from adapters.sqlite_log import SqliteLog
from projections.verification import Findings
from usecases.verifying import Options, Verifier

EVERY_S = 0.005


def main() -> None:
    """Verify everything with two processes, however short the log is."""
    path = Path(sys.argv[1])
    stop = Event()
    most: dict[str, int] = {}

    def watch() -> None:
        while not stop.wait(EVERY_S):
            for pid in _children():
                most[pid] = _peak_of(pid) or most.get(pid, 0)  # the latest: before its exec it shows what is ours

    watcher = Thread(target=watch)
    watcher.start()
    with SqliteLog.open(path, read_only=True) as log:
        findings = Findings()
        Verifier(log, findings, Options(beside_from=0), address=str(path)).run([], done=lambda _: None)
    stop.set()
    watcher.join()
    assert not findings.counts and len(most) == 1, (findings.problems, most)
    print(_peak_of("self") + sum(most.values()))


def _children() -> list[str]:
    return [pid for tasks in Path("/proc/self/task").glob("*/children") for pid in tasks.read_text().split()]


def _peak_of(pid: str) -> int:
    """Return the high-water mark of a process, in KiB; 0 once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")), 0)


if __name__ == "__main__":
    main()

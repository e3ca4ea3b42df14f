"""A real pseudo-terminal with a program at it: keys go in, screens come out."""

import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path
from select import select
from struct import pack
from time import monotonic
from typing import Any

from adapters.terminal import CLEAR_BELOW, CLEAR_LINE, HOME

ROOT = str(Path(__file__).parents[2])
PATIENCE_SECONDS = 30
AGAIN_SECONDS = 5
COLOUR = re.compile(r"\x1b\[\d*m")
# A session leader that opens a terminal gets it as its controlling one: keys such as Ctrl-C become signals.
AT_IT = "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); os.execvp(sys.argv[1], sys.argv[1:])"
ORCH = (sys.executable, "-m", "cli.main")


class Session:
    """One program at one terminal."""

    def __init__(self, master: int, slave: int, program: "subprocess.Popen[bytes]") -> None:
        self._master, self._slave = master, slave
        self.program = program
        self.mode = termios.tcgetattr(slave)
        self.out = ""
        self._seen = 0

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def shows(self, words: str) -> list[str]:
        """Wait until a whole screen with these words is shown, and return its lines."""
        return self._waits_for(words, screens=True)

    def says(self, words: str) -> None:
        """Wait for words anywhere behind what was waited for before."""
        self._waits_for(words, screens=False)

    def resize(self, columns: int, lines: int) -> None:
        """Give the window another size, as its frame being drawn by a mouse does."""
        ioctl(self._slave, termios.TIOCSWINSZ, pack("HHHH", lines, columns, 0, 0))

    def ends(self) -> int:
        """Wait for the end and return the status; negative for a signal."""
        deadline = monotonic() + PATIENCE_SECONDS
        while self.program.poll() is None and monotonic() < deadline:
            self._read(0.05)
        while self._read(0.05):
            pass
        return self.program.wait(1)

    def cancelled(self) -> int:
        """Press Ctrl-C and return the status.

        CPython's readline looks for signals and then waits for keys; one that comes in between is seen with the next
        key only. A person presses again, and so does this.
        """
        deadline = monotonic() + PATIENCE_SECONDS
        while self.program.poll() is None and monotonic() < deadline:
            self.type("\x03")
            until = monotonic() + AGAIN_SECONDS
            while self.program.poll() is None and monotonic() < until:
                self._read(0.05)
        return self.ends()

    def current_mode(self) -> list[Any]:
        """Return how the terminal is set right now."""
        return termios.tcgetattr(self._slave)

    def hang_up(self) -> None:
        """Take the terminal away."""
        os.close(self._master)
        self._master = -1

    def close(self) -> None:
        """End whatever still runs."""
        if self.program.poll() is None:
            self.program.kill()
            self.program.wait()
        for each in (self._master, self._slave):
            if each >= 0:
                os.close(each)

    def _waits_for(self, words: str, *, screens: bool) -> list[str]:
        deadline = monotonic() + PATIENCE_SECONDS
        while monotonic() < deadline:
            rest = self.out[self._seen :]
            if not screens and words in rest:
                self._seen += rest.index(words) + len(words)
                return []
            end = rest.rfind(CLEAR_BELOW)
            begin = rest.rfind(HOME, 0, max(end, 0))
            if screens and 0 <= begin < end:
                lines = COLOUR.sub("", rest[begin + len(HOME) : end]).replace(CLEAR_LINE, "").split("\r\n")
                if words in "\n".join(lines):
                    self._seen += end
                    return lines
            self._read(0.1)
        raise AssertionError(f"{words!r} was never shown: {self.out[self._seen :]!r}")

    def _read(self, seconds: float) -> bool:
        if not select([self._master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        self.out += data.decode("utf-8", "replace")
        return bool(data)


@contextmanager
def at_a_terminal(
    *words: str, program: Sequence[str] = ORCH, size: tuple[int, int] = (80, 24), **env: str
) -> Iterator[Session]:
    """Run a program at a terminal of a size."""
    master, slave = os.openpty()
    ioctl(slave, termios.TIOCSWINSZ, pack("HHHH", size[1], size[0], 0, 0))
    child = subprocess.Popen(
        [sys.executable, "-c", AT_IT, *program, *words],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm", "PYTHONPATH": ROOT, **env},
        restore_signals=True,
    )
    session = Session(master, slave, child)
    try:
        yield session
    finally:
        session.close()


def kill(session: Session, number: signal.Signals) -> None:
    """Send a signal to the program."""
    session.program.send_signal(number)

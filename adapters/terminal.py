"""A terminal that gives one key at a time and shows whole screens, and is left as it was found whatever happens."""

import os
import re
import signal
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from select import select
from types import FrameType
from typing import Any

ENTER, BACKSPACE, LEFT, RIGHT, UNKNOWN = "enter", "backspace", "left", "right", "unknown"
REDRAW = "redraw"
"""No key: the window has another size, or the program was away."""
END = "end"
"""Nobody will type any more."""

SEQUENCE = re.compile(rb"\x1b[\[O][0-9;]*[A-Za-z~]")
ARROWS = {b"C": RIGHT, b"D": LEFT}
SINGLE = {b"\r": ENTER, b"\n": ENTER, b"\x7f": BACKSPACE, b"\x08": BACKSPACE, b"\x04": END}
SEQUENCE_SECONDS = 0.05
"""The rest of an escape sequence is there at once; what comes later was typed."""

OTHER_SCREEN, OWN_SCREEN = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"  # xterm: alternate buffer, cursor
HOME, CLEAR_LINE, CLEAR_BELOW = "\x1b[H", "\x1b[2K", "\x1b[J"
SMALLEST = (20, 5)
USUAL = (80, 24)
LOCAL_FLAGS, CONTROLS = 3, 6
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class _Ended(BaseException):
    """A signal ends the program; not an Exception, so that nothing on the way takes it for a mistake."""

    def __init__(self, number: int) -> None:
        self.number = number


def can_show_screens() -> bool:
    """Tell whether a person sits at a terminal that knows more than lines."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


class Terminal:
    """One terminal. Use `terminal()` to get it."""

    def __init__(self, typed_on: int, wake: int) -> None:
        self._source, self._wake = typed_on, wake
        self._typed = b""
        self._mode = termios.tcgetattr(typed_on)

    def key(self) -> str:
        """Wait for a key: a printable ASCII character or one of the names above."""
        while not self._typed:
            ready = select([self._source, self._wake], [], [])[0]
            if self._wake in ready:
                os.read(self._wake, 4096)
                return REDRAW
            if not self._read():
                return END
        return self._take()

    def size(self) -> tuple[int, int]:
        """Return columns and lines of the window as it is now."""
        try:
            columns, lines = os.get_terminal_size(sys.stdout.fileno())
        except OSError:
            columns, lines = USUAL
        return max(columns or USUAL[0], SMALLEST[0]), max(lines or USUAL[1], SMALLEST[1])

    def show(self, lines: list[str]) -> None:
        """Fill the window with lines, which fit into it."""
        sys.stdout.write(HOME + "\n".join(f"{CLEAR_LINE}{line}" for line in lines) + CLEAR_BELOW)
        sys.stdout.flush()

    def enter(self) -> None:
        """Take over: no echo, no waiting for a whole line. Signals keep their keys."""
        mode: list[Any] = [*self._mode]
        mode[LOCAL_FLAGS] &= ~(termios.ICANON | termios.ECHO)
        mode[CONTROLS] = [*mode[CONTROLS]]
        mode[CONTROLS][termios.VMIN], mode[CONTROLS][termios.VTIME] = 1, 0
        termios.tcsetattr(self._source, termios.TCSANOW, mode)
        sys.stdout.write(OTHER_SCREEN)
        sys.stdout.flush()

    def leave(self) -> None:
        """Give everything back; a terminal that has gone needs nothing back."""
        with suppress(termios.error):
            termios.tcsetattr(self._source, termios.TCSANOW, self._mode)
        with suppress(OSError):
            sys.stdout.write(OWN_SCREEN)
            sys.stdout.flush()

    def suspend(self, number: int, _: FrameType | None) -> None:
        """Give everything back while the program is stopped, and take over again when it goes on."""
        ours = signal.signal(number, signal.SIG_DFL)
        self.leave()
        os.kill(os.getpid(), number)  # stops here
        self.enter()
        signal.signal(number, ours)

    def _read(self) -> bool:
        try:
            data = os.read(self._source, 256)
        except OSError:  # the terminal has gone
            return False
        self._typed += data
        return bool(data)

    def _take(self) -> str:
        first = self._typed[:1]
        if first == b"\x1b" and not SEQUENCE.match(self._typed) and select([self._source], [], [], SEQUENCE_SECONDS)[0]:
            self._read()
        sequence = SEQUENCE.match(self._typed)
        if sequence:
            self._typed = self._typed[sequence.end() :]
            return ARROWS.get(sequence[0][-1:], UNKNOWN)
        self._typed = self._typed[1:]
        return SINGLE.get(first) or (first.decode("ascii") if b" " <= first <= b"~" else UNKNOWN)


@contextmanager
def terminal() -> Iterator[Terminal]:
    """Take the terminal over, and give it back at the end, at an error, at Ctrl-C and at a signal that ends us."""
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    one = Terminal(sys.stdin.fileno(), wake)
    actions = {signal.SIGTSTP: one.suspend, signal.SIGWINCH: _nothing, **dict.fromkeys(ENDING, _end)}
    before = {number: signal.signal(number, action) for number, action in actions.items()}
    woken_before = signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    ended = None
    try:
        one.enter()
        yield one
    except _Ended as signalled:
        ended = signalled.number
    finally:
        one.leave()
        signal.set_wakeup_fd(woken_before)
        for number, action in before.items():
            signal.signal(number, action)
        os.close(wake)
        os.close(woken)
    if ended is not None:
        signal.signal(ended, signal.SIG_DFL)
        os.kill(os.getpid(), ended)


def _end(number: int, _: FrameType | None) -> None:
    raise _Ended(number)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Nothing to do: that the signal came is told by the pipe."""

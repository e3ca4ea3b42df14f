"""The bar of long commands: only on a terminal, only after a while, and gone at the end."""

import io

from cli.progress import CLEAR, EVERY, Progress, line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def drawn(stream: io.StringIO, seconds: float, *, wanted: bool = True) -> str:
    clock = Clock()
    with Progress(EVERY * 4, stream=stream, clock=clock, wanted=wanted) as progress:
        for _ in range(2):
            clock.now += seconds
            progress.advance(EVERY)
    return stream.getvalue()


def test_a_quick_command_shows_nothing() -> None:
    assert drawn(Terminal(), 0.1) == ""


def test_a_slow_command_shows_count_rate_and_time_left_and_clears_the_line() -> None:
    shown = drawn(Terminal(), 2.0)
    assert "512 of 1,024 events (50 %), 128/s, 4 s left" in shown
    assert shown.endswith(CLEAR)


def test_of_slow_items_each_one_is_looked_at() -> None:
    stream, clock = Terminal(), Clock()
    with Progress(5, "phases", stream=stream, clock=clock, every=1) as progress:
        clock.now += 2.0
        progress.advance()
    assert "1 of 5 phases (20 %)" in stream.getvalue()


def test_away_from_a_terminal_or_unasked_it_shows_nothing() -> None:
    assert drawn(io.StringIO(), 2.0) == ""
    assert drawn(Terminal(), 2.0, wanted=False) == ""


def test_a_terminal_that_goes_away_does_not_stop_the_work() -> None:
    class Gone(Terminal):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    assert drawn(Gone(), 2.0) == ""


def test_the_time_left_is_said_in_words() -> None:
    assert line(1, 101, 1.0, "events").endswith("1 min 40 s left")
    assert line(1, 7201, 1.0, "rows").endswith("2 h 0 min left")
    assert line(0, 0, 0.0, "rows") == "0 of 0 rows, 0/s"

"""A signal ends work between two things, whatever its own thread is doing at that moment."""

import os
import signal
import sys
from threading import Thread
from time import monotonic
from types import FrameType

import pytest

from cli.stopping import stopped_by_signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_comes_while_waiting_is_begun_ends_it(number: signal.Signals) -> None:
    sent: list[str] = []

    def at(frame: FrameType, event: str, _: object) -> None:
        if event in ("call", "c_call") and not sent:
            sent.append(frame.f_code.co_name)
            signal.raise_signal(number)

    with stopped_by_signals() as stop:
        began = monotonic()
        sys.setprofile(at)
        try:
            ended = stop.wait(30)
        finally:
            sys.setprofile(None)
        assert sent and (ended or stop.wait(30)) and monotonic() - began < 25


def test_whoever_waits_is_woken_in_every_thread_and_whoever_comes_later_does_not_wait() -> None:
    with stopped_by_signals() as stop:
        woken: list[bool] = []
        waiting = [Thread(target=lambda: woken.append(stop.wait(30))) for _ in range(4)]
        for each in waiting:
            each.start()
        assert not stop.wait(0.05)
        os.kill(os.getpid(), signal.SIGTERM)
        for each in waiting:
            each.join(25)
        assert woken == [True] * 4 and stop.wait(30) and stop.is_set()


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stopped_by_signals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before

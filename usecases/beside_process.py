"""What runs in a process beside another one: it carries out one order on a log, and ends when the other one does.

One line on stdin says what to do, lines on stdout say how far it is and what came of it, all of them JSON.
"""

import os
import sys
from collections.abc import Callable
from threading import Thread
from typing import Any

from orjson import dumps, loads

from adapters.stores import opened_at
from domain.errors import Damaged, Refusal


def carry_out(work: Callable[..., Any], *, damaged: Any) -> None:
    """Open the log that the first line of stdin names, do the work, say what it returns, or `damaged`."""
    address, *order = loads(sys.stdin.buffer.readline())
    Thread(target=_end_with_the_other, daemon=True).start()
    try:
        with opened_at(address, read_only=True) as log:
            say(work(log, *order))
    except Damaged:  # the other process will name it
        say(damaged)
    except Refusal as refusal:
        say({"refused": refusal.message})
    except Exception as error:  # noqa: BLE001  # the other process tells it as the bug that it is
        say({"bug": repr(error)})


def say(what: Any) -> None:
    """Say one thing to the other process."""
    sys.stdout.buffer.write(dumps(what) + b"\n")
    sys.stdout.buffer.flush()


def _end_with_the_other() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)

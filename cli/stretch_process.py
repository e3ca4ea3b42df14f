"""What runs in the process that hashes a stretch of a log for another one: `python -m cli.stretch_process`.

One line on stdin says what to do, lines on stdout say how far it is and what came of it, all of them JSON.
"""

import os
import sys
from pathlib import Path
from threading import Thread
from typing import Any

from orjson import dumps, loads

from adapters.sqlite_log import SqliteLog
from cli.stretch import Order, Stretch
from domain.errors import Damaged, Refusal
from projections.verify_seals import Sealed

NOTHING: dict[str, Any] = {"sealed": None}
EVERY = 4096
"""Positions between two lines about how far it is."""


def main() -> None:
    """Hash what the first line of stdin asks for, and end at once when stdin ends."""
    path, *order = loads(sys.stdin.buffer.readline())
    Thread(target=_end_with_the_other, daemon=True).start()
    try:
        with SqliteLog.open(Path(path), read_only=True) as log:
            _say(_hashed(Stretch(log, Order(*order))))
    except Damaged:  # the other process will name it
        _say(NOTHING)
    except Refusal as refusal:
        _say({"refused": refusal.message})
    except Exception as error:  # noqa: BLE001  # the other process tells it as the bug that it is
        _say({"bug": repr(error)})


def _hashed(stretch: Stretch) -> dict[str, Any]:
    due = stretch.position + EVERY
    for position in stretch.run():
        if position >= due:
            due = position + EVERY
            _say(position)
    if stretch.sealed is None:
        return NOTHING
    return {
        "sealed": _told(stretch.sealed),
        "unsound": stretch.unsound,
        "commands": stretch.commands,
        "agree": stretch.agree,
    }


def _told(sealed: Sealed) -> dict[str, Any]:
    return {
        "roots": b"".join(sealed.roots).hex(),
        "rest": b"".join(sealed.rest).hex(),
        "parts": {str(size): b"".join(part).hex() for size, part in sealed.parts.items()},
        "payloads": sealed.payloads,
        "erased": sealed.erased,
    }


def _say(what: Any) -> None:
    sys.stdout.buffer.write(dumps(what) + b"\n")
    sys.stdout.buffer.flush()


def _end_with_the_other() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()

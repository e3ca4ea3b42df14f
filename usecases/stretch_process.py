"""What runs in the process that hashes a stretch of a log for another one: `python -m usecases.stretch_process`."""

from typing import Any

from adapters.sqlite_log import SqliteLog
from projections.verify_seals import Sealed
from usecases.beside_process import carry_out, say
from usecases.stretch import Order, Stretch

NOTHING: dict[str, Any] = {"sealed": None}
EVERY = 4096
"""Positions between two lines about how far it is."""


def hashed(log: SqliteLog, *order: Any) -> dict[str, Any]:
    """Return what the hashes of a stretch come to."""
    stretch = Stretch(log, Order(*order))
    due = stretch.position + EVERY
    for position in stretch.run():
        if position >= due:
            due = position + EVERY
            say(position)
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


if __name__ == "__main__":
    carry_out(hashed, damaged=NOTHING)

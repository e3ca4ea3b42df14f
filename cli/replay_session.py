"""The replay at a terminal: one key, one event."""

from adapters import terminal as keys
from adapters.terminal import Terminal
from cli.replay_frames import frame, help_frame
from cli.replay_reel import Reel
from projections.replay import ReplayRow
from projections.verdict_topics import OUTCOMES

LONGEST_NUMBER = 15


def walk(reel: Reel, terminal: Terminal, *, last: int) -> None:
    """Show one event at a time until somebody quits; `last` is the last position there is."""
    message = ""
    while reel.row is not None:
        terminal.show(frame(reel.row, last=last, size=terminal.size(), message=message))
        key = terminal.key()
        if key == keys.REDRAW:
            continue
        message = ""
        match key.lower():
            case "q" | keys.END:
                return
            case " " | "n" | keys.ENTER | keys.RIGHT:
                message = "" if reel.next() else "This is the last event; b goes back, q quits."
            case "b" | keys.LEFT:
                message = "" if reel.back() else "This is the first event."
            case "s":
                message = "" if reel.skip(_is_verdict) else "There is no verdict behind this event."
            case "g":
                message = _go(reel, terminal, last)
            case "?":
                _help(terminal)
            case _:
                message = "That key does nothing here; ? shows those that do."


def _go(reel: Reel, terminal: Terminal, last: int) -> str:
    """Ask for a position and go there; return what there is to say about it."""
    number = ""
    while reel.row is not None:
        asked = f"Go to position: {number}▏ Enter goes there"
        terminal.show(frame(reel.row, last=last, size=terminal.size(), message=asked))
        key = terminal.key()
        if key == keys.ENTER and number:
            return "" if reel.go(int(number)) else f"There is no event at position {number} or behind it."
        if key.isdigit() and len(number) < LONGEST_NUMBER:
            number += key
        elif key == keys.BACKSPACE and number:
            number = number[:-1]
        elif key != keys.REDRAW and not key.isdigit():
            return ""
    return ""


def _help(terminal: Terminal) -> None:
    while True:
        terminal.show(help_frame(terminal.size()))
        if terminal.key() != keys.REDRAW:
            return


def _is_verdict(row: ReplayRow) -> bool:
    return row["topic"] in OUTCOMES

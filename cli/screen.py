"""What a person sees: plain lines, modest colour, and never a control character that came from data."""

import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from usecases.safe_text import clean as clean  # noqa: PLC0414  # told again here: what shows text finds all it needs
from usecases.safe_text import one_line as one_line  # noqa: PLC0414  # as above

COLOURS = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2"}
STATES = {
    "approved": "green",
    "awaiting_approval": "yellow",
    "rejected": "red",
    "expired": "red",
    "reopened": "yellow",
    "stale": "yellow",
    "not_started": "dim",
}


def can_be_asked() -> bool:
    """Tell whether somebody can read a question and answer it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def coloured(stream: TextIO) -> bool:
    """Tell whether colour is welcome there (https://no-color.org, https://force-color.org)."""
    if os.environ.get("FORCE_COLOR") and not os.environ.get("NO_COLOR"):
        return True
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, colour: str, *, stream: TextIO | None = None) -> str:
    """Return the text in a colour where colour is welcome."""
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if coloured(stream or sys.stdout) else text


def state(name: str) -> str:
    """Return the state of a step in words and colour."""
    return paint(name.replace("_", " "), STATES.get(name, "bold"))


def print_table(rows: Iterable[Sequence[str]], *, head: Sequence[str] = ()) -> None:
    """Print aligned columns; cells may be painted, and come in safe already."""
    table = [list(row) for row in rows]
    if head:
        table.insert(0, [paint(title, "bold") for title in head])
    if not table:
        return
    widths = [max(width(row[i]) for row in table) for i in range(len(table[0]))]
    for row in table:
        cells = [cell + " " * (widths[i] - width(cell)) for i, cell in enumerate(row)]
        print("  ".join(cells).rstrip())


def width(cell: str) -> int:
    """Return how many columns a cell takes; wide East Asian characters take two."""
    plain = re.sub(r"\x1b\[\d+m", "", cell)
    if plain.isascii():
        return len(plain)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in plain)


def cut(text: str, columns: int) -> str:
    """Return as much of an unpainted line as fits into so many columns; an ellipsis stands for the rest."""
    if width(text) <= columns:
        return text
    kept = ""
    for character in text[:columns]:
        if width(kept + character) >= columns:
            break
        kept += character
    return f"{kept}…" if columns > 0 else ""

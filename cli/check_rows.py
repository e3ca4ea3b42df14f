"""The shape of what the checks of a deployment find, and how they end."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, TypedDict

import typer

from cli import exits
from cli.screen import clean, one_line, paint
from domain.errors import Refusal
from usecases.patient import Found, Level

FAILED = 3
"""The exit status of a check that failed: a rule says no, as with every other command that refuses to go on."""
MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}
assert FAILED in {status for _, status in exits.STATUS}


class CheckRow(TypedDict):
    """One thing that was looked at; `fix` holds the commands that mend it."""

    check: str
    level: Literal["ok", "warning", "failed"]
    message: str
    fix: list[str]


class Failed(Exception):
    """A check that did not hold; what comes after it in the same check is left out."""

    def __init__(self, message: str, *, fix: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


def rows_of(name: str, check: Callable[[], Iterable[Found]], *, strict: bool = False) -> list[CheckRow]:
    """Make one check; whatever it meets is a row, and the next check is made. What is strict has no mere warnings."""
    levels: dict[Level, Literal["ok", "warning", "failed"]] = {
        "ok": "ok",
        "warning": "failed" if strict else "warning",
        "damage": "failed",
    }
    rows: list[CheckRow] = []
    try:
        for found in check():
            rows.append(_row(name, levels[found.level], found.message, found.fix))
    except (Refusal, Failed) as refusal:
        rows.append(_row(name, "failed", refusal.message, refusal.fix))
    except OSError as error:
        rows.append(_row(name, "failed", f"{error.filename or 'The system'}: {error.strerror or error}."))
    return rows


def _row(name: str, level: Literal["ok", "warning", "failed"], message: str, fix: Sequence[str] = ()) -> CheckRow:
    words, *lines = (text.encode("utf-8", "backslashreplace").decode() for text in (message, *fix))
    return {"check": name, "level": level, "message": words, "fix": lines}


def has_failed(rows: Iterable[CheckRow]) -> bool:
    """Tell whether anything failed."""
    return any(row["level"] == "failed" for row in rows)


def show_rows(rows: Sequence[CheckRow]) -> None:
    """Print the rows."""
    width = max(len(row["check"]) for row in rows)
    for row in rows:
        mark, colour = MARKS[row["level"]]
        print(f"{paint(mark, colour)} {row['check'].replace('_', ' '):<{width}}  {one_line(row['message'])}")
        for line in row["fix"]:
            print(f"  {'':<{width}}  → {clean(line)}")


def end_with(rows: Iterable[CheckRow]) -> None:
    """Leave with the status that the rows deserve."""
    if has_failed(rows):
        raise typer.Exit(FAILED)

"""What helps, for what a verification found."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from projections.verification import Problem

MENDED = {"head", "snapshot"}
"""What is made from the events and can be made anew, where these hold."""
SALVAGE = "orch recover salvage --out salvaged"
"""What saves all that is left of a damaged store, backups included."""
RESTORE = "orch backup restore --into postgresql://user@host/database"
"""What brings a log in a database back: salvaging reads the pages of a file."""
GUARD, GUARD_SAYS = "guard", "the guard "
"""A guard that is not at work, and how a store's sentence about one begins."""
STRANGERS = {"checkpoint signature", "checkpoint origin"}


def way_out(kinds: Iterable[str]) -> str:
    """Return the command that helps against problems of these kinds."""
    if MENDED.issuperset(kinds):
        return "orch rebuild"
    if STRANGERS.issuperset(kinds):  # another project's checkpoint, or another key: the store may be as good as ever
        return "orch audit key show"
    return SALVAGE


def ways_out(problems: "Sequence[Problem]", kinds: Iterable[str], *, in_database: bool) -> tuple[str, ...]:
    """Return what helps against all of these problems, which are of these kinds."""
    others = set(kinds) - {GUARD}
    guards = [mend_of(problem) for problem in problems if problem["what"] == GUARD]
    return (*guards, *((fitting(way_out(others), in_database=in_database),) if others else ()))


def fitting(line: str, *, in_database: bool) -> str:
    """Return a command that helps, as it helps where the log is."""
    return RESTORE if in_database and line == SALVAGE else line


def mend_of(problem: "Problem") -> str:
    """Return the statement that brings a guard back, which ends the store's sentence about it."""
    return f"{(problem['found'] or '').partition(': ')[2]};  -- as the owner of the log, in psql"

"""orch check concurrency: many commands at once, all of them durable, beside raw commits of the same run."""

from pathlib import Path
from tempfile import gettempdir
from typing import Annotated, Optional, TypedDict

import typer

from adapters.places import find
from cli.answers import answer
from cli.backup_options import path_of
from cli.check_rows import CheckRow, end_with, rows_of, show_rows
from cli.given import flags
from cli.options import Asked, plain
from cli.project import here
from cli.scratch import Timed, timed
from domain.errors import NotFound
from usecases.patient import Found

MOST_AT_ONCE = 200
SLOWEST_S = 1.0
"""Seconds that one command may take on average, from the first to the last: a disk that is slower is broken."""

Operations = Annotated[int, typer.Option("--operations", min=1, max=1000, help="How many commands.")]
In = Annotated[
    Optional[Path],  # noqa: UP045  # Typer reads Optional at every release we allow
    typer.Option("--in", metavar="DIR", parser=path_of, help="The disk to use; otherwise that of the store around."),
]


class ConcurrencyAnswer(TypedDict):
    """How long the commands took together, and as many raw commits in the same run, on the same disk.

    `seconds` is until all were recorded, durable; `seconds_with_documents` with the document of each on disk, too.
    """

    rows: list[CheckRow]
    folder: str
    operations: int
    durable: int
    seconds: float
    seconds_with_documents: float
    raw_seconds: float
    ratio: float
    per_second: float


@plain
def concurrency(asked: Asked, operations: Operations = 50, folder: In = None) -> None:
    """Record specs of as many phases at once, each of them durable, in a scratch project that is thrown away.

    The figure beside it is as many commits of SQLite alone, in the same run. Exit 3: one was lost, or they took more
    than a second each.

    Example: orch check concurrency --operations 50

    Next: orch check pre-deploy
    """
    where = folder.absolute() if folder else _disk()
    found = Timed(operations, 0.0, 0.0, 0.0, 0)

    def check() -> "list[Found]":
        nonlocal found
        found = timed(where, operations, at_once=min(operations, MOST_AT_ONCE))
        return [durable_row(found), time_row(found)]

    rows = rows_of("concurrency", check)
    data: ConcurrencyAnswer = {
        "rows": rows,
        "folder": str(where),
        "operations": operations,
        "durable": found.durable,
        "seconds": round(found.seconds, 6),
        "seconds_with_documents": round(found.with_documents, 6),
        "raw_seconds": round(found.raw_seconds, 6),
        "ratio": round(found.ratio, 2),
        "per_second": round(operations / found.seconds, 1) if found.seconds else 0.0,
    }
    answer("check.concurrency", data, as_json=asked.json, show=lambda: show_rows(rows))
    end_with(rows)


def durable_row(found: Timed) -> Found:
    """Return whether everything that was answered is there."""
    if found.durable == found.operations:
        return Found(
            "ok", f"All {found.operations} commands are there, read back from the files, events and documents."
        )
    lost = found.operations - found.durable
    return Found("damage", f"{lost} of {found.operations} commands were answered and are not there.", ("orch doctor",))


def time_row(found: Timed) -> Found:
    """Return how long it took; only what nobody could work with fails."""
    each = found.with_documents / found.operations
    ours, documents, raw = (1000 * each for each in (found.seconds, found.with_documents, found.raw_seconds))
    said = (
        f"{found.operations} commands took {ours:.0f} ms, {documents:.0f} ms with their documents; as many raw commits"
        f" {raw:.0f} ms ({found.ratio:.1f} times as long)"
    )
    if each > SLOWEST_S:
        return Found("damage", f"{said}: more than {SLOWEST_S:g} s each.", ("orch config show state_dir",))
    return Found("ok", f"{said}.")


def _disk() -> Path:
    """Return a folder on the disk of the store around us, or the one for temporary files."""
    try:
        return find(here(), flags=flags()).state
    except NotFound:
        return Path(gettempdir())

"""The log of a project in a file, row by row in a database: for what has to be the same in both, to the byte."""

from pathlib import Path

import apsw
import psycopg

from adapters.places import MARK
from adapters.postgres_schema import make_log

TABLES = {"events": 11, "heads": 4, "commands": 4, "tiles": 4, "snapshots": 2}
"""What is copied as it is, and its columns."""


def moved(root: Path, url: str) -> None:
    """Move the log of the project at a root into an empty database; the file stays under another name."""
    path = root / ".orch" / "log.db"
    with apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY) as file:

        def rows_of(query: str) -> list[tuple[object, ...]]:
            return [*file.execute(query)]

        ((origin,),) = rows_of("SELECT value FROM store WHERE key = 'origin'")
        make_log(url, str(origin), timeout_s=10)
        with psycopg.connect(url) as database, database.cursor() as cursor:
            for table, columns in TABLES.items():
                values = ", ".join(["%s"] * columns)
                cursor.executemany(
                    f"INSERT INTO orch.{table} VALUES ({values})".encode(), rows_of(f"SELECT * FROM {table}")
                )
            (tree,) = rows_of("SELECT size, frontier, recorded_at FROM tree")
            cursor.execute("UPDATE orch.tree SET size = %s, frontier = %s, recorded_at = %s", tree)
    for each in path.parent.glob("log.db*"):
        each.rename(each.with_name(f"was-{each.name}"))
    (path.parent / MARK).write_text(f"{origin}\n")

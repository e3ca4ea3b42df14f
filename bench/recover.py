"""`orch recover run`, the verification included, against inserting the same rows raw in the same run."""

import os
import shutil
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import apsw

from adapters.places import places_of
from adapters.sqlite_connection import prepare
from adapters.sqlite_log import SqliteLog
from adapters.sqlite_schema import SCHEMA
from bench.measured import Measured, side_by_side
from bench.verify import EVENTS, filled
from usecases.recover_sources import Store
from usecases.recovering import made

ROUNDS = 3
INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def recover(folder: Path) -> Iterator[Measured]:
    """Measure a recovery of the whole log: written anew, folded, verified and held against its parent."""
    path = folder / ".orch" / "log.db"
    path.parent.mkdir()
    filled(path, EVENTS)
    with SqliteLog.open(path, read_only=True) as log:
        rows = list(log.records())
        numbers = count(1)
        took, raw = side_by_side(
            lambda: _recovered(folder, log, folder / f"new{next(numbers)}"),
            lambda: _inserted(rows, folder / f"raw{next(numbers)}.db"),
            rounds=ROUNDS,
        )
    detail = f"{took / EVENTS * 1e6:.1f} µs / {raw / EVENTS * 1e6:.2f} µs an event"
    yield Measured(f"recover {EVENTS:,} events, verified / inserting the rows raw", took / raw, 4, detail)


def _recovered(root: Path, log: SqliteLog, new: Path) -> None:
    new.mkdir()
    source = Store(places_of(root, env={}), log)
    found = made(str(new / "log.db"), source, "now", source.moment("now"))
    assert found["verdict"] == "verified" and found["size"] >= EVENTS
    shutil.rmtree(new)


def _inserted(rows: Sequence[object], path: Path) -> None:
    """Insert rows that are in memory into the same table, with its index, in one durable transaction."""
    connection = apsw.Connection(str(path))
    prepare(connection, timeout_s=1)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN")
    connection.execute(SCHEMA)
    connection.executemany(INSERT, rows)  # type: ignore[arg-type]  # rows are tuples
    connection.execute("COMMIT")
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    connection.close()
    os.unlink(path)

"""Backups: made, checked, restored, and one event more, against inserting the same rows raw in the same run."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from time import time_ns

import apsw

from adapters.backup_author import Author
from adapters.backup_folder import Folder
from adapters.backup_packing import Recipients
from adapters.backup_reading import open_backups
from adapters.backup_target import read_target
from adapters.backup_writing import BackupWriter
from adapters.keys import load_key
from adapters.signed_notes import note, sign
from adapters.sqlite_log import SqliteLog
from bench.measured import Measured, seconds, side_by_side
from bench.verify import decision_of, filled
from projections.log_keys import log_keys
from usecases.backup_adding import add_new
from usecases.backup_restoring import refilled_from
from usecases.backup_verifying import verified

EVENTS = int(os.environ.get("BENCH_EVENTS", "100000"))
FEW = 1_000
ONES = 15


def backups(folder: Path) -> Iterator[Measured]:
    """Measure what a backup costs, and that one event more does not cost more on a long log."""
    folder = folder / "backups"
    folder.mkdir()
    path = folder / "log.db"
    filled(path, EVENTS)
    raw = seconds(lambda: _inserted_raw(path, folder / "raw.db"))
    with SqliteLog.open(path) as log:
        size = path.stat().st_size
        writer = _writer(log, folder, "away")
        took = seconds(lambda: _added(log, writer))
        kept = sum(each.stat().st_size for each in (folder / "away").rglob("*") if each.is_file())
        detail = f"{took:.2f} s, {kept / 1e6:.1f} MB of {size / 1e6:.0f} MB"
        yield Measured(f"back up {EVENTS:,} events / inserting the same rows raw", took / raw, None, detail)
        took = seconds(lambda: _verified(folder / "away"))
        yield Measured("verify their backup / inserting the same rows raw", took / raw, None, f"{took:.2f} s")
        numbers = count()

        def restored() -> None:
            new = folder / f"new{next(numbers)}"
            new.mkdir()
            found = open_backups(Folder(folder / "away"))
            found.check_files()
            refilled_from(found, found.head.last, str(new / "log.db"), "now")

        took, raw = side_by_side(restored, lambda: _inserted_raw(path, folder / f"raw{next(numbers)}.db"), rounds=3)
        detail = f"{took:.2f} s / {raw:.2f} s"
        yield Measured(f"restore {EVENTS:,} events, verified / inserting the same rows raw", took / raw, None, detail)
        yield _one_event(folder, log, writer)


def _one_event(folder: Path, log: SqliteLog, writer: BackupWriter) -> Measured:
    """Ship one event at a time from the long log and from a short one, in turns."""
    (folder / "few").mkdir()
    filled(folder / "few" / "log.db", FEW)
    with SqliteLog.open(folder / "few" / "log.db") as short:
        few = _writer(short, folder / "few", "away")
        _added(short, few)
        names = count()

        def ship(to: SqliteLog, by: BackupWriter) -> None:
            _added(to, by)

        times = []
        for _ in range(ONES):
            for each in (log, short):
                each.append([decision_of(f"one-{next(names)}", 1)])
            times.append((seconds(lambda: ship(log, writer)), seconds(lambda: ship(short, few))))
        ours, other = (sorted(column)[ONES // 2] for column in zip(*times, strict=True))
        detail = f"{ours * 1e3:.1f} ms / {other * 1e3:.1f} ms"
        name = f"back up one event of {EVENTS:,} / one of {FEW:,}"
        bytes_ = {manifest.segment.size for manifest in read_target(writer.storage).copy().manifests[-ONES:]}
        return Measured(name, ours / other, 2, f"{detail}, segments of {min(bytes_)} to {max(bytes_)} bytes")


def _writer(log: SqliteLog, folder: Path, name: str) -> BackupWriter:
    key = log_keys(log.heads(["project"])[1]["project"], None).current
    private = load_key(folder / "log-keys", key)

    def signed(text: str) -> bytes:
        return note(text, [sign(text, key, private)])

    return BackupWriter(
        Folder(folder / name), Author(log.origin, (key,), signed, Recipients(), lambda: time_ns() // 1000)
    )


def _added(log: SqliteLog, writer: BackupWriter) -> None:
    with writer.turn():
        assert add_new(log, writer)


def _verified(folder: Path) -> None:
    target = read_target(Folder(folder))
    assert verified(target, target.copies, [], given_key=True)["verdict"] == "verified"


def _inserted_raw(path: Path, new: Path) -> None:
    """Insert the same rows into a bare table, durably, in one transaction."""
    rows = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    out = apsw.Connection(str(new))
    out.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
    out.execute(
        "CREATE TABLE events (position INTEGER PRIMARY KEY, recorded_at, clock, stream, version, topic, command_id,"
        " envelope, salt, payload, leaf, UNIQUE (stream, version))"
    )
    with out:
        out.executemany("INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?,?)", rows.execute("SELECT * FROM events"))
    out.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    out.close()
    rows.close()

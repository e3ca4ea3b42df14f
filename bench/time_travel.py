"""An earlier moment in a long log and in a short one, and everything that follows from the events made anew."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import orjson

from adapters.sqlite_log import SqliteLog
from bench.measured import Measured, side_by_side
from bench.processes import run_orch
from bench.verify import EVENTS, filled
from usecases.refolding import keep_snapshots, refolded

SHORT = 10_000
ROUNDS = 11
FOLDS = 3


def time_travel(folder: Path) -> Iterator[Measured]:
    """Measure whole processes that ask for the state half way, in a log of `EVENTS` and in one of 10,000 events.

    A list of all phases is longer in the longer log, so its ratio is shown without a budget.
    """
    long, short = (_project(folder / name, events) for name, events in (("long", EVENTS), ("short", SHORT)))
    for words, budget in ((("status", "st3-load"), 2), (("list",), None)):
        took, bare = side_by_side(
            lambda w=words: run_orch(long, *w, "--at", f"position:{EVENTS // 2}"),  # type: ignore[misc]  # bound now
            lambda w=words: run_orch(short, *w, "--at", f"position:{SHORT // 2}"),  # type: ignore[misc]  # as above
            rounds=ROUNDS,
        )
        name = f"orch {words[0]} --at T, {EVENTS:,} events / {SHORT:,} events"
        yield Measured(name, took / bare, budget, f"{took * 1000:.0f} ms / {bare * 1000:.0f} ms")
    yield _rebuilding(long / ".orch" / "log.db")


def _rebuilding(path: Path) -> Measured:
    """Heads and snapshots folded anew and compared, against reading the rows and opening their envelopes."""
    with SqliteLog.open(path, read_only=True) as log:
        took, bare = side_by_side(lambda: refolded(log, done=lambda _: None), lambda: _read(path), rounds=FOLDS)
    detail = f"{took / EVENTS * 1e6:.1f} µs / {bare / EVENTS * 1e6:.2f} µs an event"
    return Measured("rebuilding / raw rows and orjson.loads", bare / took, 0.25, detail, at_least=True)


def _read(path: Path) -> None:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    for row in connection.execute("SELECT * FROM events"):
        orjson.loads(row[7])
    connection.close()


def _project(root: Path, events: int) -> Path:
    """Make a project whose log holds so many events, and its snapshots."""
    (root / ".orch").mkdir(parents=True)
    path = filled(root / ".orch" / "log.db", events)
    with SqliteLog.open(path) as log:
        keep_snapshots(log, log.moment().position, done=lambda _: None)
    return root

"""How long a log waits for others, and what a busy checkpoint means for what was committed."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from time import monotonic, sleep

import apsw
import pytest

from adapters import sqlite_log
from adapters.sqlite_log import SqliteLog
from domain.errors import Unavailable
from tests.adapters.log_entries import accepted, decision
from tests.adapters.sqlite_stores import small_log


def test_opening_a_locked_log_gives_up_in_time(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    SqliteLog.create(path, "example.org/x").close()
    other = apsw.Connection(str(path))
    other.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
    other.execute("BEGIN IMMEDIATE; UPDATE tree SET size = size; COMMIT")
    began = monotonic()
    with pytest.raises(Unavailable, match="locked"):
        SqliteLog.open(path, timeout_s=0.2)
    assert monotonic() - began < 5
    other.close()


@pytest.mark.parametrize("turn", range(20))
def test_whoever_reads_or_writes_while_it_is_closed_is_served_or_told(turn: int, tmp_path: Path) -> None:
    log = SqliteLog.open(small_log(tmp_path, commands=30))
    begun = Barrier(5)

    def go_on(use: Callable[[], object]) -> None:
        begun.wait()
        until = monotonic() + 10
        while monotonic() < until:
            use()

    uses: list[Callable[[], object]] = [
        lambda: list(log.records()),
        lambda: log.heads_below(""),
        lambda: log.keep_snapshot(1, {}),
        log.forget_snapshots,
    ]
    with ThreadPoolExecutor(len(uses)) as pool:
        waiting = [pool.submit(go_on, use) for use in uses]
        begun.wait()
        sleep(turn / 1000)
        log.close()
        for each in waiting:
            with pytest.raises(Unavailable, match="was closed meanwhile"):
                each.result()


def test_what_was_committed_is_acknowledged_while_somebody_else_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_log, "WAL_PAGES", 0)
    path = tmp_path / "log.db"
    other = []

    def checkpoint() -> None:
        connection = apsw.Connection(str(path))
        connection.set_busy_timeout(5000)
        connection.execute("SELECT size FROM tree").fetchall()
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_FULL)  # holds the checkpoint lock, waits for the writer
        connection.close()

    with ThreadPoolExecutor() as pool:

        def clock() -> int:
            other.append(pool.submit(checkpoint))
            sleep(0.3)
            return 1

        with SqliteLog.create(path, "example.org/x", clock=clock) as log:
            accepted(log, decision("phase:a", command_id="c1"))
            assert log.receipt("c1") is not None
    waited: Future[None] = other[0]
    waited.result()

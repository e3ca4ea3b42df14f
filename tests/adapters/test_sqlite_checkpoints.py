"""Who moves the WAL into the file, and when: only the writer that holds the queue."""

import os
from concurrent.futures import ThreadPoolExecutor
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any

import apsw
import pytest

from adapters import sqlite_log
from adapters.sqlite_connection import WAL_BYTES
from adapters.sqlite_log import SqliteLog
from tests.adapters.log_entries import accepted, decision
from tests.adapters.sqlite_stores import small_log, wal_of, whole


class WatchfulDisk(apsw.VFS):
    """The default VFS of the machine; before every write to the log's file it looks whether the queue is held."""

    def __init__(self, name: str, queue: Path) -> None:
        self.queue = queue
        self.held: list[bool] = []
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> "WatchedFile":  # noqa: N802  # SQLite's name
        return WatchedFile(self, name, flags)

    def look(self) -> None:
        """Note whether somebody holds the queue's lock now."""
        file = os.open(self.queue, os.O_RDWR)
        try:
            flock(file, LOCK_EX | LOCK_NB)
            self.held.append(False)
        except BlockingIOError:
            self.held.append(True)
        finally:
            os.close(file)


class WatchedFile(apsw.VFSFile):
    def __init__(self, disk: WatchfulDisk, name: Any, flags: list[int]) -> None:
        self._disk = disk
        self._is_log = bool(flags[0] & apsw.SQLITE_OPEN_MAIN_DB)
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  # SQLite's name
        if self._is_log:
            self._disk.look()
        super().xWrite(data, offset)


def test_closing_moves_nothing_into_the_file(tmp_path: Path) -> None:
    path = small_log(tmp_path)
    file, wal = path.read_bytes(), wal_of(path).read_bytes()
    assert len(wal) > 3 * 4096, "all that was written is in the WAL"
    with SqliteLog.open(path) as log:
        accepted(log, decision("phase:b"))
    assert path.read_bytes() == file
    assert len(wal_of(path).read_bytes()) > len(wal)
    with SqliteLog.open(path) as log:
        assert len(whole(log)) == 7


def test_a_reader_moves_nothing_into_the_file_not_even_as_the_last_to_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small_log(tmp_path, commands=60)
    monkeypatch.setattr(sqlite_log, "WAL_PAGES", 1)
    file, wal = path.read_bytes(), wal_of(path).read_bytes()
    for read_only in (True, False):
        with SqliteLog.open(path, read_only=read_only) as log:
            assert len(whole(log)) == 120
        assert (path.read_bytes(), wal_of(path).read_bytes()) == (file, wal)


def test_a_wal_that_became_long_is_moved_into_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_log, "WAL_PAGES", 40)
    path = small_log(tmp_path, commands=1)
    size = path.stat().st_size
    with SqliteLog.open(path) as log:
        for number in range(200):
            accepted(log, decision(f"phase:{number}", text="words" * 100))
        assert path.stat().st_size > size
        assert wal_of(path).stat().st_size < 40 * 4096 * 3, "and then begun again"
        assert len(whole(log)) == 202


def test_a_wal_does_not_grow_for_ever_where_each_command_is_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_log, "WAL_PAGES", 40)
    path = small_log(tmp_path, commands=1)
    lengths = []
    for number in range(60):
        with SqliteLog.open(path) as log:
            accepted(log, decision(f"phase:{number}"))
        lengths.append(wal_of(path).stat().st_size // 4096)
    assert max(lengths) < 40 + 20, "one command beyond the limit"
    assert lengths.count(0) >= 3, "cut to nothing, again and again"
    with SqliteLog.open(path) as log:
        assert len(whole(log)) == 62


def test_a_wal_that_grew_for_a_large_text_is_cut_back(tmp_path: Path) -> None:
    path = small_log(tmp_path)
    with SqliteLog.open(path) as log:
        for number in range(2):
            accepted(log, decision(f"phase:{number}", text="x" * 10 * 1024 * 1024))
        assert wal_of(path).stat().st_size > WAL_BYTES
        accepted(log, decision("phase:small"))
        assert wal_of(path).stat().st_size <= WAL_BYTES
        assert len(whole(log)) == 9


def test_the_file_is_written_only_by_who_holds_the_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_log, "WAL_PAGES", 10)
    path = small_log(tmp_path)
    disk = WatchfulDisk("watchful", path.with_name("log.db-writers"))

    def write(thread: int) -> None:
        with SqliteLog.open(path, vfs="watchful") as log:
            for turn in range(10):
                accepted(log, decision(f"phase:{thread}-{turn}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert len(disk.held) > 20, "checkpoints happened"
    assert all(disk.held)


def test_a_short_wal_stays(tmp_path: Path) -> None:
    path = small_log(tmp_path, commands=1)
    file = path.read_bytes()
    with SqliteLog.open(path) as log:
        for number in range(50):
            accepted(log, decision(f"phase:{number}"))
    assert path.read_bytes() == file


def test_a_reader_in_the_way_of_a_checkpoint_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_log, "WAL_PAGES", 10)
    path = small_log(tmp_path)
    reader = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    reader.execute("BEGIN")
    seen = reader.execute("SELECT count(*) FROM events").fetchone()
    with SqliteLog.open(path, timeout_s=1) as log:
        for number in range(30):
            accepted(log, decision(f"phase:{number}"))
        assert reader.execute("SELECT count(*) FROM events").fetchone() == seen == (6,)
        reader.execute("COMMIT")
        accepted(log, decision("phase:last"))
        assert len(whole(log)) == 37
    reader.close()

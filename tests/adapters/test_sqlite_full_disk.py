"""A full disk: the command is told, nothing acknowledged is lost, and it works again once there is room."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import run

import pytest

from adapters import sqlite_log
from adapters.sqlite_log import SqliteLog
from adapters.sqlite_upgrade import upgrade_log
from domain.errors import StoreOutdated, Unavailable
from domain.event_log import Receipt
from tests.adapters.log_entries import NUMBERS, decision, redaction
from tests.adapters.schema_1 import as_schema_1
from tests.adapters.sqlite_stores import ORIGIN, whole

MEBIBYTE = 1024 * 1024
needs_mount = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Give a small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr}")
    yield folder
    run(["umount", "--lazy", folder], check=True)


@contextmanager
def full(disk: Path, *, but: int) -> Iterator[None]:
    """Fill a disk except for some bytes, and make room again at the end."""
    room = os.statvfs(disk)
    filler = disk / "filler"
    filler.write_bytes(bytes(max(0, room.f_bavail * room.f_frsize - but)))
    yield
    filler.unlink()


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Let every write beyond a size fail, as a quota does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def until_refused(log: SqliteLog, *, decisions: int, size: int) -> tuple[list[str], list[str]]:
    """Write until the log says no; return the ids that were acknowledged and those that were refused."""
    acknowledged: list[str] = []
    while True:
        asked = [decision(f"phase:{next(NUMBERS)}", text="x" * size) for _ in range(decisions)]
        try:
            answers = log.append(asked)
        except Unavailable as refusal:
            assert "full" in refusal.message or "cannot be used" in refusal.message, refusal
            return acknowledged, [one.command_id for one in asked]
        assert all(isinstance(answer, Receipt) for answer in answers)
        acknowledged += [one.command_id for one in asked]


@needs_mount
@pytest.mark.parametrize("decisions", [1, 3], ids=["one decision", "several"])
@pytest.mark.parametrize(
    ("size", "room"),
    [(10, 0), (10, 60_000), (30_000, 100_000), (30_000, 300_000), (3 * MEBIBYTE, 2 * MEBIBYTE), (3 * MEBIBYTE, 0)],
)
def test_a_full_disk_loses_nothing_and_works_again_with_room(disk: Path, decisions: int, size: int, room: int) -> None:
    path = disk / "log.db"
    with SqliteLog.create(path, ORIGIN) as log:
        before = [one.command_id for one in (decision("phase:first"),) if log.append([one])]
        with full(disk, but=room):
            acknowledged, refused = until_refused(log, decisions=decisions, size=size)
            assert whole(log) == before + acknowledged, "reading needs no room"
        assert all(log.receipt(command_id) is None for command_id in refused)
        last = decision("phase:last")
        assert isinstance(log.append([last])[0], Receipt)
        assert whole(log) == [*before, *acknowledged, last.command_id]
    with SqliteLog.open(path) as log:
        assert whole(log) == [*before, *acknowledged, last.command_id]


@needs_mount
def test_a_disk_too_full_for_a_checkpoint_does_not_deny_a_command_that_is_recorded(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_log, "WAL_PAGES", 1)
    path = disk / "log.db"
    with SqliteLog.create(path, ORIGIN) as log:
        with full(disk, but=400_000):  # room for the WAL, not for the same again in the file
            asked = decision("phase:a", text="x" * 250_000)
            assert isinstance(log.append([asked])[0], Receipt)
            assert path.stat().st_size < 250_000, "the checkpoint had no room"
            assert whole(log) == [asked.command_id]
        assert isinstance(log.append([decision("phase:b")])[0], Receipt)
        assert path.stat().st_size > 250_000, "and was made up for"
        assert len(whole(log)) == 2


@needs_mount
def test_a_disk_too_full_to_finish_an_erasure_says_so_and_finishes_it_with_room(disk: Path) -> None:
    with SqliteLog.create(disk / "log.db", ORIGIN) as log:
        log.append([decision("phase:a", text="a secret " * 30_000)])
        with full(disk, but=400_000):  # room for the WAL, not for the same again in the file
            assert isinstance(log.append([redaction(1, of="phase:a", version=1)])[0], Receipt)
            with pytest.raises(Unavailable, match="still holds what was erased, because the disk is full"):
                log.scrub()
            assert [record.payload is None for record in log.records()] == [True, False]
        log.scrub()
    assert not any(b"a secret" in file.read_bytes() for file in disk.iterdir())


@needs_mount
@pytest.mark.parametrize("room", [100_000, 300_000, 1_500_000])
def test_an_upgrade_without_room_leaves_the_log_as_it_is(disk: Path, tmp_path: Path, room: int) -> None:
    with SqliteLog.create(tmp_path / "new.db", ORIGIN) as log:
        log.append([decision("phase:a", events=40, text="x" * 40_000)])
    path = as_schema_1(tmp_path / "new.db", disk / "log.db")
    before = path.read_bytes()
    with full(disk, but=room):
        with pytest.raises(Unavailable, match="no room to write"):
            upgrade_log(path)
        with pytest.raises(StoreOutdated):
            SqliteLog.open(path)
    assert path.read_bytes() == before
    assert upgrade_log(path).before == 1
    with SqliteLog.open(path) as log:
        assert len(whole(log)) == 40


@pytest.mark.parametrize("decisions", [1, 3], ids=["one decision", "several"])
def test_a_quota_loses_nothing_and_works_again_without_it(tmp_path: Path, decisions: int) -> None:
    with SqliteLog.create(tmp_path / "log.db", ORIGIN) as log:
        with no_file_longer_than(MEBIBYTE):
            acknowledged, refused = until_refused(log, decisions=decisions, size=40_000)
            assert acknowledged
            assert whole(log) == acknowledged
        assert all(log.receipt(command_id) is None for command_id in refused)
        last = decision("phase:last")
        assert isinstance(log.append([last])[0], Receipt)
        assert whole(log) == [*acknowledged, last.command_id]


@pytest.mark.parametrize("limit", [1, 4096, 20_000])
def test_a_log_that_has_no_room_to_be_made_leaves_nothing_behind(tmp_path: Path, limit: int) -> None:
    with no_file_longer_than(limit), pytest.raises(Unavailable):
        SqliteLog.create(tmp_path / "log.db", ORIGIN)
    assert list(tmp_path.iterdir()) == []
    with SqliteLog.create(tmp_path / "log.db", ORIGIN) as log:
        assert whole(log) == []

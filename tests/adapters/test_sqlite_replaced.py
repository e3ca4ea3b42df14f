"""Files that went away or changed under their name: nothing old comes back, nothing new is written into the void."""

import os
from pathlib import Path
from shutil import copyfile

import pytest

from adapters.sqlite_log import SqliteLog
from domain.errors import AlreadyExists, Damaged, Unavailable
from tests.adapters.log_entries import accepted, decision
from tests.adapters.sqlite_stores import ORIGIN, small_log, wal_of, whole


def test_the_rest_of_a_log_that_was_removed_does_not_come_back_in_a_new_one(tmp_path: Path) -> None:
    path = small_log(tmp_path)
    path.unlink()
    rest = wal_of(path).read_bytes()
    assert rest
    with pytest.raises(Damaged, match=r"log\.db-wal.* still there") as refused:
        SqliteLog.create(path, "example.org/new")
    assert wal_of(path).read_bytes() == rest
    assert sorted(file.name for file in tmp_path.iterdir()) == ["log.db-shm", "log.db-wal", "log.db-writers"]
    for line in refused.value.fix:
        assert os.system(line) == 0  # noqa: S605  # the words that a person would paste into the shell
    with SqliteLog.create(path, "example.org/new") as log:
        assert (log.origin, whole(log)) == ("example.org/new", [])


def test_a_log_that_is_there_is_not_made_again_whatever_lies_beside_it(tmp_path: Path) -> None:
    path = small_log(tmp_path)
    assert wal_of(path).exists()
    with pytest.raises(AlreadyExists):
        SqliteLog.create(path, ORIGIN)


def test_nothing_is_acknowledged_into_a_file_that_lost_its_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    path, other = small_log(tmp_path / "a"), small_log(tmp_path / "b", commands=1)
    with SqliteLog.open(path) as log:
        accepted(log, decision("phase:b"))
        os.replace(other, path)
        with pytest.raises(Unavailable, match="was replaced while it was open"):
            log.append([decision("phase:c")])
        path.unlink()
        with pytest.raises(Unavailable, match="No such file"):
            log.append([decision("phase:c")])


def test_a_copy_of_all_its_files_is_the_same_log(tmp_path: Path) -> None:
    path, copy = small_log(tmp_path), tmp_path / "copy" / "log.db"
    copy.parent.mkdir()
    for file in (path, wal_of(path)):
        copyfile(file, copy.with_name(file.name))
    with SqliteLog.open(copy) as log, SqliteLog.open(path, read_only=True) as original:
        assert whole(log) == whole(original)
        assert log.tree() == original.tree()


def test_a_folder_whose_name_is_not_utf_8_is_refused_in_words(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"not \xff utf-8")
    folder.mkdir()
    with pytest.raises(Unavailable, match="not UTF-8") as refused:
        SqliteLog.create(folder / "log.db", ORIGIN)
    refused.value.message.encode()
    assert list(folder.iterdir()) == []

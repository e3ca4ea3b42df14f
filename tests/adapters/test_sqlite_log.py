"""The log in SQLite: its files, how it is made, what it refuses to open."""

import os
import sqlite3
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import run
from tempfile import TemporaryDirectory
from threading import Barrier

import apsw
import pytest

from adapters import file_systems, sqlite_schema
from adapters.sqlite_log import SqliteLog
from domain.errors import AlreadyExists, Conflict, Damaged, InvalidInput, NotFound, Refusal, Unavailable
from domain.event_log import Receipt
from tests.adapters.log_entries import accepted, decision
from tests.adapters.sqlite_stores import ORIGIN, small_log, wal_of, whole

ROOT = Path(__file__).parents[2]
AS_NOBODY = """
import os, sys
from pathlib import Path
import adapters.codec
from adapters.sqlite_log import SqliteLog
from domain.errors import Refusal
from tests.adapters.log_entries import decision
os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    with SqliteLog.open(Path(sys.argv[1]), read_only=sys.argv[2] == "read") as log:
        print("position", log.moment().position)
        print([type(answer).__name__ for answer in log.append([decision("phase:new")])])
except Refusal as refusal:
    print(type(refusal).__name__, refusal)
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder on a way that everybody may go, unlike those that pytest makes."""
    with TemporaryDirectory(dir="/tmp") as folder:  # the one folder that is open to all
        yield Path(folder)


def test_only_the_owner_can_read_what_the_store_writes(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = small_log(tmp_path)
        with SqliteLog.open(path) as log:
            accepted(log, decision("phase:b"))
            modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("log.db", "log.db-wal", "log.db-shm", "log.db-writers"), 0o600)


def test_every_connection_is_durable_and_trusts_no_schema(tmp_path: Path) -> None:
    with SqliteLog.open(small_log(tmp_path)) as log:
        accepted(log, decision("phase:b"))
        for connection in (log._reader, log._writer):
            assert connection is not None
            asked = (
                "synchronous",
                "journal_mode",
                "mmap_size",
                "trusted_schema",
                "recursive_triggers",
                "secure_delete",
            )
            settings = {name: connection.pragma(name) for name in (*asked, "wal_autocheckpoint")}
            assert settings == {
                "synchronous": 2,
                "journal_mode": "wal",
                "mmap_size": 0,
                "trusted_schema": 0,
                "recursive_triggers": 1,
                "secure_delete": 1,
                "wal_autocheckpoint": 0,
            }


def test_what_was_written_is_there_when_the_log_is_opened_again(tmp_path: Path) -> None:
    with SqliteLog.open(small_log(tmp_path)) as log:
        assert log.origin == ORIGIN
        assert whole(log) == ["c0", "c0", "c1", "c1", "c2", "c2"]


def test_a_log_is_not_made_twice(tmp_path: Path) -> None:
    path = small_log(tmp_path)
    before = path.read_bytes()
    with pytest.raises(AlreadyExists, match="There is a log already"):
        SqliteLog.create(path, "example.org/other")
    assert path.read_bytes() == before


def test_of_many_that_make_a_log_at_once_one_makes_it_and_the_others_are_told(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    start = Barrier(8)

    def make(number: int) -> str:
        start.wait()
        try:
            with SqliteLog.create(path, f"example.org/{number}") as log:
                return log.origin
        except Refusal as refusal:
            return type(refusal).__name__

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(make, range(8)))
    (winner,) = (answer for answer in answers if answer.startswith("example.org"))
    assert answers.count(AlreadyExists.__name__) == 7
    with SqliteLog.open(path) as log:
        assert log.origin == winner
    assert not [file.name for file in tmp_path.iterdir() if file.name.startswith(".")]


def test_a_log_that_could_not_be_made_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_schema, "GUARDS", "CREATE TRIGGER that is no SQL")
    with pytest.raises(Damaged):
        SqliteLog.create(tmp_path / "log.db", ORIGIN)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    with SqliteLog.create(tmp_path / "log.db", ORIGIN) as log:
        assert log.moment().position == 0


def test_a_log_cannot_be_made_where_there_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="No such file or directory"):
        SqliteLog.create(tmp_path / "missing" / "log.db", ORIGIN)


def test_a_log_that_is_not_there_is_not_made_by_opening(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no log"):
        SqliteLog.open(tmp_path / "log.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"not a database, but longer than a header of SQLite " * 40, b"SQLite format 3", b""]
)
def test_a_file_that_is_no_log_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.db"
    path.write_bytes(content)
    with pytest.raises(Damaged):
        SqliteLog.open(path)
    assert path.read_bytes() == content


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE events (position INTEGER)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(Damaged, match="not a log of orch"):
        SqliteLog.open(path)
    assert path.read_bytes() == before


def test_a_log_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = small_log(tmp_path)
    newer = apsw.Connection(str(path))
    newer.pragma("user_version", sqlite_schema.SCHEMA_VERSION + 1)
    newer.close()
    for read_only in (True, False):
        with pytest.raises(InvalidInput, match="newer version"):
            SqliteLog.open(path, read_only=read_only)


@pytest.mark.parametrize("table", ["store", "tree"])
def test_a_log_that_lost_its_one_row_is_damaged(tmp_path: Path, table: str) -> None:
    path = small_log(tmp_path)
    other = apsw.Connection(str(path))
    other.execute(f"DELETE FROM {table}")
    other.close()
    with pytest.raises(Damaged, match=r"does not say which log|lost the row"):
        SqliteLog.open(path).moment()


def test_a_log_opened_for_reading_refuses_to_write(tmp_path: Path) -> None:
    path = small_log(tmp_path)
    with SqliteLog.open(path, read_only=True) as log:
        with pytest.raises(Unavailable, match="for reading only"):
            log.append([decision("phase:b")])
        assert len(whole(log)) == 6


def test_a_decision_that_does_not_read_what_it_writes_is_a_bug_of_the_caller(tmp_path: Path) -> None:
    with SqliteLog.open(small_log(tmp_path)) as log:
        asked = decision("phase:b")
        for wrong in (asked._replace(expects={}), asked._replace(heads={}), asked._replace(events=[], heads={})):
            with pytest.raises(ValueError, match="every stream it writes"):
                log.append([wrong])
        assert log.moment().position == 6


def test_a_decision_that_cannot_be_written_as_json_stops_its_call_before_anything_is_written(tmp_path: Path) -> None:
    with SqliteLog.open(small_log(tmp_path)) as log:
        with pytest.raises(InvalidInput, match="cannot be recorded"):
            log.append([decision("phase:b"), decision("phase:c", text="\ud800")])
        with pytest.raises(TypeError):
            log.append([decision("phase:b"), decision("phase:c")._replace(heads={"phase:c": {"a": object()}})])
        assert log.moment().position == 6
        accepted(log, decision("phase:b"))


def test_a_decision_whose_versions_do_not_go_on_from_what_it_read_is_a_bug_of_the_caller(tmp_path: Path) -> None:
    with SqliteLog.open(small_log(tmp_path)) as log:
        asked = decision("phase:a", after=6, events=3)
        for wrong in (asked._replace(expects={"phase:a": 5}), asked._replace(events=asked.events[::2])):
            with pytest.raises(ValueError, match="goes on with version"):
                log.append([decision("phase:b"), wrong])
        assert log.moment().position == 6


def test_versions_that_the_heads_allow_and_the_log_has_already_are_damage_and_spare_the_others(tmp_path: Path) -> None:
    path = small_log(tmp_path)
    vandal = apsw.Connection(str(path))
    vandal.execute("UPDATE heads SET version = 0")
    vandal.close()
    with SqliteLog.open(path) as log:
        wrong = decision("phase:a")
        with pytest.raises(Damaged):
            log.append([wrong])
        first, answer, conflict, last = log.append(
            [decision("phase:b"), wrong, decision("phase:b"), decision("phase:b", after=1)]
        )
        assert isinstance(answer, Damaged) and isinstance(conflict, Conflict)
        assert isinstance(first, Receipt) and isinstance(last, Receipt)
        assert (first.first, last.first) == (7, 8)
        assert log.tree().size == 8


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "how", "said"),
    [
        (0o755, 0o644, "write", "position 6\nUnavailable {folder}/log.db-writers: Permission denied.\n"),
        (0o755, 0o600, "read", "HandsNeeded {folder}/log.db cannot be used: unable to open database file.\n"),
        (0o700, 0o644, "read", "HandsNeeded {folder}/log.db: Permission denied.\n"),
        (0o755, 0o644, "read", "position 6\nUnavailable {folder}/log.db was opened for reading only.\n"),
    ],
    ids=["read-only folder", "secret file", "secret folder", "open for reading"],
)
def test_somebody_without_rights_is_told_in_one_sentence(
    open_folder: Path, folder_mode: int, file_mode: int, how: str, said: str
) -> None:
    folder, path = open_folder, small_log(open_folder)
    for file in folder.iterdir():
        file.chmod(file_mode)
    (folder / "log.db-writers").unlink()
    folder.chmod(folder_mode)
    answer = run([sys.executable, "-c", AS_NOBODY, path, how], cwd=ROOT, capture_output=True, text=True)
    assert (answer.stderr, answer.stdout) == ("", said.format(folder=folder))
    assert not (folder / "log.db-writers").exists()


def test_a_store_on_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = small_log(tmp_path)
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"24 1 0:1 / / rw - ext4 /dev/sda rw\n36 24 0:2 / {tmp_path} rw - nfs4 server:/ rw\n")
    monkeypatch.setattr(file_systems.refuse_network, "__kwdefaults__", {"mounts": mounts})
    with pytest.raises(Unavailable, match=r"network file system \(nfs4\)"):
        SqliteLog.open(path)
    with pytest.raises(Unavailable, match=r"network file system \(nfs4\)"):
        SqliteLog.create(tmp_path / "other.db", ORIGIN)
    assert not (tmp_path / "other.db").exists() and wal_of(path).exists()

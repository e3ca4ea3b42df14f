"""Word of a log that grows: after each commit, about nothing else, and nothing is missed between two questions."""

import os
from pathlib import Path
from threading import Thread
from time import monotonic, thread_time

import pytest

from adapters import file_changes
from adapters.file_changes import FileChanges
from adapters.sqlite_log import SqliteLog
from tests.reliability.ledger import carry_out, draft, new_log, request

PATIENCE_S = 20.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = new_log(tmp_path)
    with SqliteLog.open(made) as log:
        carry_out(log, draft("st01-x"))
    return made


def test_every_commit_is_heard_and_can_be_read_then(path: Path) -> None:
    changes = FileChanges(path)
    assert changes.told, "this kernel tells of changes"
    with SqliteLog.open(path) as writer, SqliteLog.open(path, read_only=True) as reader:
        for _ in range(20):
            before = reader.moment().position
            thread = Thread(target=lambda: carry_out(writer, request("st01-x")))
            thread.start()
            assert changes.wait(PATIENCE_S) and reader.moment().position == before + 1
            thread.join()
    changes.close()


def test_what_was_appended_between_two_questions_is_heard_at_once(path: Path) -> None:
    changes = FileChanges(path)
    assert not changes.wait(0)
    with SqliteLog.open(path) as writer:
        carry_out(writer, request("st01-x"))
    assert changes.wait(0)
    assert not changes.wait(0), "once, until there is more"
    changes.close()


def test_readers_make_no_noise(path: Path) -> None:
    changes = FileChanges(path)
    for _ in range(3):
        with SqliteLog.open(path, read_only=True) as reader:
            assert list(reader.records())
    (path.parent / "other").write_text("not the log")
    assert not changes.wait(0)
    changes.close()


def test_another_log_in_its_place_is_heard(path: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    other = new_log(tmp_path / "new")
    changes = FileChanges(path)
    os.replace(other, path)
    assert changes.wait(PATIENCE_S)
    changes.close()


def test_waiting_takes_no_processor_time(path: Path) -> None:
    changes = FileChanges(path)
    wall, worked = monotonic(), thread_time()
    assert not changes.wait(1.0)
    assert monotonic() - wall >= 1.0 and thread_time() - worked < 0.1
    changes.close()


def test_a_kernel_that_tells_nothing_is_looked_at_instead(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_changes, "_listening", lambda _: None)
    changes = FileChanges(path)
    began = monotonic()
    assert not changes.told and changes.wait(60) and monotonic() - began < 30
    changes.close()

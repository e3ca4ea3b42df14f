"""Speed bumps in the file itself: another program cannot change the past by accident."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.sqlite_log import SqliteLog
from tests.adapters.log_entries import Clock, accepted, decision
from tests.adapters.sqlite_stores import ORIGIN, whole

EVENT = "recorded_at, clock, stream, version, topic, command_id, envelope, salt, payload, leaf FROM events"
STATEMENTS = (
    "UPDATE events SET clock = clock + 1 WHERE position = 2",
    "UPDATE events SET position = 1000 WHERE position = 2",
    "UPDATE events SET envelope = x'7b7d'",
    "UPDATE OR REPLACE events SET version = 1 WHERE position = 2",
    "DELETE FROM events WHERE position = 300",
    "DELETE FROM events",
    f"INSERT OR REPLACE INTO events SELECT position, {EVENT} WHERE position = 2",
    f"REPLACE INTO events SELECT position, {EVENT} WHERE position = 2",
    f"REPLACE INTO events SELECT 301, {EVENT} WHERE position = 2",
    f"INSERT INTO events SELECT 302, {EVENT} WHERE position = 2",
    f"INSERT INTO events SELECT 0, {EVENT} WHERE position = 2",
    f"INSERT INTO events SELECT NULL, {EVENT} WHERE position = 2",
    "INSERT INTO events SELECT position, recorded_at, clock, stream, version, topic, command_id, envelope, salt,"
    " payload, leaf FROM events WHERE position = 2 ON CONFLICT DO UPDATE SET clock = 0",
    "UPDATE tiles SET hashes = x'00'",
    "DELETE FROM tiles",
    "INSERT OR REPLACE INTO tiles SELECT level, number, x'00', root FROM tiles",
    "REPLACE INTO tiles SELECT level, number, x'00', root FROM tiles",
    "UPDATE commands SET fingerprint = 'other'",
    "UPDATE OR REPLACE commands SET command_id = 'one' WHERE command_id = 'two'",
    "DELETE FROM commands",
    "INSERT OR REPLACE INTO commands SELECT command_id, 'other', first, last FROM commands",
    "REPLACE INTO commands SELECT command_id, 'other', first, last FROM commands",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Make a log of 300 events, so that one tile is full."""
    path = tmp_path / "log.db"
    with SqliteLog.create(path, ORIGIN, clock=Clock()) as log:
        accepted(log, decision("phase:a", events=280, text="words", command_id="one"))
        accepted(log, decision("phase:b", events=20, text="words", command_id="two"))
    return path


@pytest.fixture
def other(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the file as another program would: Python's own module, its settings as they are."""
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


@pytest.mark.parametrize("statement", STATEMENTS)
def test_another_program_cannot_change_the_past(path: Path, other: sqlite3.Connection, statement: str) -> None:
    assert other.execute("PRAGMA recursive_triggers").fetchone() == (0,)
    tables = ("events", "tiles", "commands")
    before = [other.execute(f"SELECT * FROM {table}").fetchall() for table in tables]
    assert [len(rows) for rows in before] == [300, 1, 2]
    with pytest.raises(sqlite3.IntegrityError, match=r"append-only|never|recorded once"):
        other.execute(statement)
    assert [other.execute(f"SELECT * FROM {table}").fetchall() for table in tables] == before
    with SqliteLog.open(path) as log:
        accepted(log, decision("phase:c"))
        assert len(whole(log)) == 301


def test_the_next_position_is_the_one_thing_that_can_be_added(other: sqlite3.Connection) -> None:
    columns = EVENT.replace("version,", "version + 20,")
    other.execute(f"INSERT INTO events SELECT 301, {columns} WHERE position = 300")
    assert other.execute("SELECT max(position) FROM events").fetchone() == (301,)

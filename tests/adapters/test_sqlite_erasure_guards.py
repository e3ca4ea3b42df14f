"""The one exception in the guards: a redacted text goes, and nothing else changes with it."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from adapters.sqlite_log import SqliteLog
from domain.errors import Damaged
from domain.event_log import Receipt
from tests.adapters.log_entries import Clock, accepted, decision, redaction
from tests.adapters.sqlite_stores import ORIGIN, whole

ERASE = "UPDATE events SET salt = NULL, payload = NULL"
EVENT = "recorded_at, clock, stream, version, topic, command_id, envelope, salt, payload, leaf FROM events"
COLUMNS = {
    "recorded_at": "recorded_at + 1",
    "clock": "clock + 1",
    "stream": "'phase:z'",
    "version": "version + 100",
    "topic": "'phase.archived'",
    "command_id": "'other'",
    "envelope": "x'7b7d'",
    "leaf": "zeroblob(32)",
    "position": "position + 100",
}
REFUSED = {
    "another text": f"{ERASE} WHERE position = 2",
    "all texts": ERASE,
    "the text of the redaction itself": f"{ERASE} WHERE position = 6",
    "a text by another name of its position": f"{ERASE} WHERE rowid = 2",
    "the salt alone": "UPDATE events SET salt = NULL WHERE position = 3",
    "the payload alone": "UPDATE events SET payload = NULL WHERE position = 3",
    "another payload": "UPDATE events SET payload = x'7b7d' WHERE position = 3",
    "an empty payload": "UPDATE events SET salt = NULL, payload = x'' WHERE position = 3",
    "another salt": "UPDATE events SET salt = zeroblob(32) WHERE position = 3",
    "the text and another row": f"{ERASE} WHERE position IN (2, 3)",
    "erasing twice": f"{ERASE} WHERE position = 1",
    "un-erasing": "UPDATE events SET salt = zeroblob(32), payload = x'7b7d' WHERE position = 1",
    "un-erasing the payload": "UPDATE events SET payload = x'7b7d' WHERE position = 1",
    "nothing": "UPDATE events SET payload = payload WHERE position = 1",
    "the fingerprint of another command": "UPDATE commands SET fingerprint = NULL WHERE command_id = 'other'",
    "all fingerprints": "UPDATE commands SET fingerprint = NULL",
    "another fingerprint": "UPDATE commands SET fingerprint = 'other' WHERE command_id = 'text'",
    "the fingerprint that is gone": "UPDATE commands SET fingerprint = NULL WHERE command_id = 'erased'",
    "the fingerprint put back": "UPDATE commands SET fingerprint = 'f' WHERE command_id = 'erased'",
    "the places of a command": "UPDATE commands SET fingerprint = NULL, first = 1 WHERE command_id = 'text'",
    "the end of a command": "UPDATE commands SET fingerprint = NULL, last = 9 WHERE command_id = 'text'",
    "the name of a command": "UPDATE commands SET fingerprint = NULL, command_id = 'x' WHERE command_id = 'text'",
} | {f"the text and its {name}": f"{ERASE}, {name} = {value} WHERE position = 3" for name, value in COLUMNS.items()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Make a log: 1 is erased, the text of 3 is redacted but still there, 2 and 4 are none of anybody's business."""
    path = tmp_path / "log.db"
    with SqliteLog.create(path, ORIGIN, clock=Clock()) as log:
        accepted(log, decision("phase:a", text="erased", command_id="erased"))
        accepted(log, decision("phase:a", after=1, text="other", command_id="other"))
        accepted(log, decision("phase:a", after=2, text="redacted", command_id="text"))
        accepted(log, decision("phase:b", text="last", command_id="last"))
        accepted(log, redaction(1, of="phase:a", version=1))
        accepted(log, redaction(3, of="phase:a", version=3, after=1, erases=[]))
    return path


@pytest.fixture
def other(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the file as another program would: Python's own module, its settings as they are."""
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def everything(connection: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    return [connection.execute(f"SELECT * FROM {table}").fetchall() for table in ("events", "commands", "tiles")]


@pytest.mark.parametrize("what", REFUSED)
def test_nothing_but_a_redacted_text_can_be_changed(other: sqlite3.Connection, what: str) -> None:
    before = everything(other)
    for verb in ("UPDATE", "UPDATE OR REPLACE", "UPDATE OR IGNORE"):
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            other.execute(REFUSED[what].replace("UPDATE", verb, 1))
        assert everything(other) == before


@pytest.mark.parametrize("library", ["sqlite3", "apsw"])
def test_a_redacted_text_can_be_erased_once(path: Path, library: str) -> None:
    if library == "sqlite3":
        other = sqlite3.connect(path, isolation_level=None)
        assert other.execute(f"{ERASE} WHERE position = 3").rowcount == 1
        other.execute("UPDATE commands SET fingerprint = NULL WHERE command_id = 'text'")
        other.close()
    else:
        connection = apsw.Connection(str(path))
        connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        connection.execute(f"{ERASE} WHERE position = 3")
        connection.execute("UPDATE commands SET fingerprint = NULL WHERE command_id = 'text'")
        connection.close()
    with SqliteLog.open(path) as log:
        assert [record.payload is None for record in log.records()] == [True, False, True, False, False, False]
        assert [(log.receipt(name) or (0, 0))[1] for name in ("erased", "text")] == [None, None]
        accepted(log, decision("phase:c"))
        assert len(whole(log)) == 7


FORGED: dict[str, tuple[str, dict[str, object]]] = {
    "names another position": ("ledger", {"position": 4}),
    "names the position in words": ("ledger", {"position": "2"}),
    "names the position as a fraction": ("ledger", {"position": 2.0}),
    "names the position in a list": ("ledger", {"position": [2]}),
    "names another stream": ("ledger", {"stream": "phase:b"}),
    "names another version": ("ledger", {"version": 1}),
    "names no version": ("ledger", {"version": None}),
    "is in another stream": ("phase:x", {}),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_redaction_of_something_else_lets_no_text_go(other: sqlite3.Connection, what: str) -> None:
    stream, facts = FORGED[what]
    add_forged(other, stream=stream, facts={"position": 2, "stream": "phase:a", "version": 2} | facts)
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        other.execute(f"{ERASE} WHERE position = 2")


def test_a_row_whose_envelope_is_something_else_lets_no_text_go(other: sqlite3.Connection) -> None:
    facts = {"position": 2, "stream": "phase:a", "version": 2}
    add_forged(other, stream="ledger", facts=facts, said="phase.archived")
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        other.execute(f"{ERASE} WHERE position = 2")
    other.execute(
        "INSERT INTO events SELECT 8, recorded_at, clock, 'ledger', 4, topic, command_id, x'00ff', NULL, NULL,"
        " leaf FROM events WHERE position = 7"
    )
    with pytest.raises(sqlite3.Error, match=r"never changed|malformed"):
        other.execute(f"{ERASE} WHERE position = 2")


def test_the_forged_rows_would_do_if_they_named_the_text(other: sqlite3.Connection) -> None:
    """What the tests above forge differs from a redaction in nothing but what they say."""
    add_forged(other, stream="ledger", facts={"position": 2, "stream": "phase:a", "version": 2})
    assert other.execute(f"{ERASE} WHERE position = 2").rowcount == 1


def test_the_guard_looks_through_the_ledger_only(other: sqlite3.Connection) -> None:
    (guard,) = other.execute("SELECT sql FROM sqlite_schema WHERE name = 'events_never_change'").fetchone()
    query = guard[guard.index("SELECT 1") : guard.rindex("\n)")].strip().removesuffix(")")
    for name, value in (("position", "1"), ("stream", "'phase:a'"), ("version", "1")):
        query = query.replace(f"OLD.{name}", value)
    plan = [row[-1] for row in other.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert plan == ["SEARCH said USING INDEX sqlite_autoindex_events_1 (stream=?)"]


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("erases", [2, 1, 99])
def test_an_erasure_that_no_redaction_names_is_refused_whole(path: Path, alone: bool, erases: int) -> None:
    wrong = redaction(2, of="phase:a", version=1, after=2, erases=[erases])
    with SqliteLog.open(path, clock=Clock()) as log:
        before = list(log.records())
        if alone:
            with pytest.raises(Damaged):
                log.append([wrong])
            assert list(log.records()) == before
        else:
            refused, recorded = log.append([wrong, decision("phase:c")])
            assert isinstance(refused, Damaged) and isinstance(recorded, Receipt)
            assert list(log.records())[:-1] == before
        assert len(whole(log)) == len(before) + (not alone)


def add_forged(
    connection: sqlite3.Connection, *, stream: str, facts: dict[str, object], said: str = "ledger.payload_redacted"
) -> None:
    """Add a row as somebody might who knows how the log is made; the guard of the positions lets it in."""
    envelope = json.dumps({"topic": said, "stream": stream, "facts": facts}).encode()
    connection.execute(
        "INSERT INTO events SELECT 7, recorded_at, clock, ?, 3, 'ledger.payload_redacted', command_id, ?, salt,"
        " payload, leaf FROM events WHERE position = 6",
        (stream, envelope),
    )

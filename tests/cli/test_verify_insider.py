"""Whoever owns the file changes it; the verification finds it and names it."""

import shutil
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.insider import (
    envelope_changed,
    everything_rehashed,
    inside,
    leaf_rehashed,
    shifted,
)
from tests.cli.verified_world import HELD, LOG, World, keep, world

pytestmark = pytest.mark.in_file

__all__ = ["keep", "world"]  # fixtures

Change = Callable[[sqlite3.Connection], object]


def sql(text: str) -> Change:
    return lambda connection: connection.execute(text)


def another_reason(envelope: dict[str, Any]) -> None:
    envelope["actor"]["id"] = "mallory"


def edited(position: int, *, leaf: bool = False, everything: bool = False) -> Change:
    def change(connection: sqlite3.Connection) -> None:
        envelope_changed(connection, position, another_reason)
        if leaf:
            leaf_rehashed(connection, position)
        if everything:
            everything_rehashed(connection)

    return change


def deleted(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM events WHERE position = 200")
    shifted(connection, 201, -1)
    everything_rehashed(connection)


def inserted(connection: sqlite3.Connection) -> None:
    shifted(connection, 200, 1)
    columns = "recorded_at, clock, 'phase:st09-new', 1, topic, command_id, envelope, salt, payload, leaf"
    connection.execute(f"INSERT INTO events SELECT 200, {columns} FROM events WHERE position = 199")
    everything_rehashed(connection)


def swapped(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE events SET position = -9 WHERE position = 9")
    connection.execute("UPDATE events SET position = 9 WHERE position = 10")
    connection.execute("UPDATE events SET position = 10 WHERE position = -9")


def reordered(connection: sqlite3.Connection) -> None:
    swapped(connection)
    everything_rehashed(connection)


def erased_with_a_note(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE events SET salt = NULL, payload = NULL WHERE position = 20")
    connection.execute("INSERT INTO store VALUES ('carried_redactions', '{\"20\": 9999}')")


def another_snapshot(connection: sqlite3.Connection) -> None:
    (packed,) = connection.execute("SELECT heads FROM snapshots WHERE position = 100").fetchone()
    changed = zlib.compress(zlib.decompress(packed).replace(b'"ada"', b'"eve"'))
    connection.execute("UPDATE snapshots SET heads = ? WHERE position = 100", (changed,))


CHANGES: dict[str, tuple[Change, int | None, str]] = {
    "a payload": (sql("UPDATE events SET payload = CAST('{}' AS BLOB) WHERE position = 20"), 20, "payload size"),
    "a payload, as long": (
        sql("UPDATE events SET payload = CAST(replace(payload, 'blocker', 'bl0cker') AS BLOB) WHERE position = 12"),
        12,
        "payload",
    ),
    "a salt": (sql("UPDATE events SET salt = zeroblob(32) WHERE position = 20"), 20, "payload"),
    "a text erased without a redaction": (
        sql("UPDATE events SET salt = NULL, payload = NULL WHERE position = 20"),
        20,
        "erased without a redaction",
    ),
    "a payload, with a note that it was redacted later": (erased_with_a_note, 20, "erased without a redaction"),
    "a salt alone erased": (sql("UPDATE events SET salt = NULL WHERE position = 20"), 20, "unreadable"),
    "an envelope": (edited(20), 20, "leaf"),
    "an envelope, its leaf re-hashed": (edited(20, leaf=True), 20, "tile"),
    "an envelope after the last full tile, its leaf re-hashed": (edited(270, leaf=True), None, "tree"),
    "an envelope, everything re-hashed": (edited(20, everything=True), None, "checkpoint"),
    "an envelope written another way": (
        sql("UPDATE events SET envelope = CAST(replace(envelope, '\"v\":1', '\"v\": 1') AS BLOB) WHERE position = 7"),
        7,
        "leaf",
    ),
    "deleted": (sql("DELETE FROM events WHERE position = 200"), 200, "missing"),
    "deleted and closed up": (deleted, 200, "version"),
    "inserted": (inserted, 200, "column stream"),
    "swapped": (swapped, 9, "leaf"),
    "reordered": (reordered, 9, "version"),
    "the tail cut off": (sql("DELETE FROM events WHERE position > 290"), 291, "missing"),
    "one more than the tree has": (
        sql(
            "INSERT INTO events SELECT 9000, recorded_at, clock, 'phase:st09-new', 1, topic, command_id, envelope,"
            " salt, payload, leaf FROM events WHERE position = 9"
        ),
        9000,
        "beyond the tree",
    ),
    "one before the first": (
        sql(
            "INSERT INTO events SELECT -1, recorded_at, clock, 'phase:st09-new', 1, topic, command_id, envelope,"
            " salt, payload, leaf FROM events WHERE position = 9"
        ),
        -1,
        "beyond the tree",
    ),
    "recorded_at": (sql("UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 3"), 3, "leaf"),
    "recorded_at of a command": (
        sql("UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 100"),
        100,
        "leaf",
    ),
    "clock": (sql("UPDATE events SET clock = clock - 1 WHERE position = 3"), 3, "leaf"),
    "stream": (sql("UPDATE events SET stream = 'phase:st09-new' WHERE position = 3"), 3, "column stream"),
    "version": (sql("UPDATE events SET version = 999 WHERE position = 3"), 3, "version"),
    "topic": (sql("UPDATE events SET topic = 'phase.archived' WHERE position = 3"), 3, "column topic"),
    "command_id": (sql("UPDATE events SET command_id = 'other' WHERE position = 100"), 100, "recorded_at"),
    "leaf": (sql("UPDATE events SET leaf = zeroblob(32) WHERE position = 3"), 3, "leaf"),
    "facts of a head": (
        sql("UPDATE heads SET facts = CAST(replace(facts, 'ada', 'eve') AS BLOB) WHERE stream = 'phase:st01-x'"),
        None,
        "head",
    ),
    "version of a head": (sql("UPDATE heads SET version = 9 WHERE stream = 'phase:st01-x'"), None, "head"),
    "position of a head": (sql("UPDATE heads SET position = 9 WHERE stream = 'phase:st01-x'"), None, "head"),
    "a head removed": (sql("DELETE FROM heads WHERE stream = 'phase:st01-x'"), None, "head"),
    "a head of nothing": (
        sql("INSERT INTO heads SELECT 'phase:st09-new', version, position, facts FROM heads LIMIT 1"),
        None,
        "head",
    ),
    "a snapshot changed": (another_snapshot, 100, "snapshot"),
    "a snapshot that nobody can read": (
        sql("UPDATE snapshots SET heads = zeroblob(50) WHERE position = 200"),
        200,
        "snapshot",
    ),
    "a snapshot of another position": (
        sql("UPDATE snapshots SET position = 150 WHERE position = 100"),
        150,
        "snapshot",
    ),
    "a snapshot of no position": (
        sql("INSERT INTO snapshots SELECT 9000, heads FROM snapshots LIMIT 1"),
        None,
        "snapshot",
    ),
    "a tile removed": (sql("DELETE FROM tiles"), 1, "tile"),
    "a tile changed": (sql("UPDATE tiles SET hashes = zeroblob(8192)"), 1, "tile"),
    "the root of a tile": (sql("UPDATE tiles SET root = zeroblob(32)"), 1, "tile root"),
    "a tile too many": (sql("INSERT INTO tiles SELECT level, 7, hashes, root FROM tiles"), None, "beyond the tree"),
    "a level too many": (sql("INSERT INTO tiles SELECT 1, 0, hashes, root FROM tiles"), None, "beyond the tree"),
    "the frontier": (sql("UPDATE tree SET frontier = CAST(zeroblob(32 * 4) AS BLOB)"), None, "tree"),
    "the time of the tree": (sql("UPDATE tree SET recorded_at = recorded_at + 1"), None, "time of the tree"),
    "a command removed": (sql("DELETE FROM commands WHERE command_id = 'many-1'"), None, "command"),
    "a command moved": (sql("UPDATE commands SET last = last - 1 WHERE command_id = 'many-1'"), None, "command"),
    "a command of nothing": (sql("INSERT INTO commands VALUES ('zzz', NULL, 1, 2)"), None, "command"),
    "the name of the log": (
        sql("UPDATE store SET value = 'example.org/other' WHERE key = 'origin'"),
        1,
        "origin",
    ),
}


def test_an_untouched_log_is_verified(world: World) -> None:
    answer = world.verify("--json")
    assert answer.status == 0 and answer.data["verdict"] == "verified"
    assert (answer.data["events"], answer.data["covered"]) == (world.size, world.size)
    assert answer.data["problems"] == [] and world.size > 256 and world.size.bit_count() == 4


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_found_and_named(world: World, name: str) -> None:
    change, position, what = CHANGES[name]
    with inside(LOG) as connection:
        before = connection.total_changes
        change(connection)
        assert connection.total_changes > before
    answer = world.verify("--json", "--debug")
    assert answer.status == 6, answer
    found = answer.data
    assert found["verdict"] == "damaged"
    problems = [(problem["position"], problem["what"]) for problem in found["problems"]]
    if position is None:
        assert what in found["problem_counts"], problems
    else:
        first = found["first_problem"]
        assert first["position"] == position and (position, what) in problems, problems
    assert world.verify().status == 6


def test_an_older_copy_put_back_is_shorter_than_the_checkpoint(world: World, tmp_path: Path) -> None:
    shutil.copytree(".orch", "older")
    world.orch("block", "st01-x", "no microphone")
    Path(HELD).write_text(world.orch("audit", "checkpoint").out)
    assert world.verify().status == 0
    shutil.rmtree(".orch")
    shutil.move("older", ".orch")
    answer = world.verify("--json")
    assert answer.status == 6 and answer.data["problem_counts"] == {"checkpoint": 1}
    assert answer.data["first_problem"]["position"] == world.size + 1
    assert world.orch("audit", "verify").status == 7, "without the checkpoint nobody can tell"


def test_another_history_of_the_same_length_does_not_hold(world: World) -> None:
    """The tail cut off with everything made to fit, and the log grown again."""
    with inside(LOG) as connection:
        connection.execute("DELETE FROM events WHERE position > 291")
        everything_rehashed(connection)
    found = world.found()
    assert found["verdict"] == "damaged" and {"checkpoint", "head", "command"} <= found["problem_counts"].keys()


def test_what_is_newer_than_the_checkpoint_is_named_as_uncovered(world: World) -> None:
    world.orch("block", "st01-x", "no microphone")
    found = world.found()
    assert found["verdict"] == "incomplete" and found["covered"] == world.size
    assert f"positions {world.size + 1} to {world.size + 1}" in found["not_proved"][0]
    with inside(LOG) as connection:
        envelope_changed(connection, world.size + 1, another_reason)
        everything_rehashed(connection)
    assert world.verify().status == 7, "only a checkpoint held elsewhere can show this"


def test_a_log_made_anew_under_another_key_is_not_the_one_of_the_checkpoint(world: World) -> None:
    shutil.rmtree(".orch")
    shutil.rmtree("dev")
    world.orch("init", "--host", "example.org")
    found = world.found()
    assert found["verdict"] == "damaged" and found["problem_counts"] == {"checkpoint origin": 1}
    found = world.orch("audit", "verify", "--against", HELD, "--json").data
    assert found["verdict"] == "damaged" and found["problem_counts"] == {"checkpoint signature": 1}


def test_checkpoints_beside_the_log_that_do_not_fit_it_are_named(world: World) -> None:
    """They prove nothing; but whoever made everything fit has forgotten them, or has put false ones there."""
    kept = next(Path(".orch/checkpoints").glob("*.note"))
    note = kept.read_bytes()
    assert world.found()["kept_checkpoints"] == 1
    for changed, what in (
        (note[:-1], "kept checkpoint"),
        (note.replace(b"%d\n" % world.size, b"%d\n" % (world.size - 1), 1), "checkpoint signature"),
    ):
        kept.write_bytes(changed)
        found = world.found()
        assert found["verdict"] == "damaged" and what in found["problem_counts"], found["problems"]
    kept.write_bytes(note)
    kept.rename(kept.with_name("999.note"))
    assert "kept checkpoint" in world.found()["problem_counts"], "status would have said that nothing is uncovered"
    Path(".orch/checkpoints/999.note").rename(kept)
    with inside(LOG) as connection:
        envelope_changed(connection, 20, another_reason)
        everything_rehashed(connection)
    found = world.orch("audit", "verify", "--json").data
    assert found["verdict"] == "damaged" and "checkpoint" in found["problem_counts"]


def test_an_index_that_contradicts_its_rows_is_found(world: World) -> None:
    """What reads by stream and version would then say something else than what reads by position."""
    with inside(LOG) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        (sql_of,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'events'").fetchone()
        without = sql_of.replace(",\n    UNIQUE (stream, version)", "")
        index = "sqlite_autoindex_events_1"
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (index,)).fetchone()
        connection.execute("DELETE FROM sqlite_schema WHERE name = ?", (index,))
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'events'", (without,))
    with inside(LOG) as connection:
        connection.execute("UPDATE events SET version = 900 WHERE position = 20")
    with inside(LOG) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'events'", (sql_of,))
        row = ("index", index, "events", root)
        connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, NULL)", row)
    found = world.found()
    assert found["verdict"] == "damaged" and "store" in found["problem_counts"], found["problem_counts"]


@pytest.fixture
def redacted(world: World) -> World:
    """Return the world after two texts were redacted: at 12 a blocker, at 20 another."""
    for position in ("12", "20"):
        assert world.orch("audit", "redact", position, "--reason", "a name", "--yes").status == 0
    Path(HELD).write_text(world.orch("audit", "checkpoint").out)
    found = world.found()
    assert (found["verdict"], found["erased"], found["problems"]) == ("incomplete", 2, [])
    return world._replace(size=world.size + 2)


def names_another(connection: sqlite3.Connection, position: int, facts: dict[str, Any]) -> None:
    def change(envelope: dict[str, Any]) -> None:
        envelope["facts"] |= facts

    envelope_changed(connection, position, change)
    everything_rehashed(connection)


def problems_of(found: dict[str, Any]) -> set[tuple[int | None, str]]:
    return {(problem["position"], problem["what"]) for problem in found["problems"]}


def test_a_redacted_text_that_somebody_put_back_is_named(world: World) -> None:
    with inside(LOG) as connection:
        kept = connection.execute("SELECT salt, payload, position FROM events WHERE position = 12").fetchone()
    assert world.orch("audit", "redact", "12", "--reason", "a name", "--yes").status == 0
    with inside(LOG) as connection:
        connection.execute("UPDATE events SET salt = ?, payload = ? WHERE position = ?", kept)
    for words in ((), ("--from-position", "5"), ("--envelopes-only",)):
        answer = world.verify("--json", *words)
        assert answer.status == 6
        assert problems_of(answer.data) == {(12, "redacted text still there")} and answer.data["erased"] == 0


def test_a_redaction_made_to_name_another_position_is_named_twice(redacted: World) -> None:
    last = redacted.size
    with inside(LOG) as connection:
        names_another(connection, last, {"position": 21, "version": 20})
    found = redacted.found()
    assert found["verdict"] == "damaged"
    assert {(20, "erased without a redaction"), (21, "redacted text still there")} <= problems_of(found)
    assert "checkpoint" in found["problem_counts"]
    answer = redacted.orch("audit", "verify", "--json")
    assert answer.status == 6, "without any checkpoint, too"


@pytest.mark.parametrize(
    "facts", [{"stream": "phase:st01-x"}, {"version": 9}, {"position": "20"}, {"position": 20, "version": None}]
)
def test_a_redaction_that_names_half_of_another_event_accounts_for_nothing(
    redacted: World, facts: dict[str, Any]
) -> None:
    with inside(LOG) as connection:
        names_another(connection, redacted.size, facts)
    answer = redacted.orch("audit", "verify", "--json")
    assert answer.status == 6 and (20, "erased without a redaction") in problems_of(answer.data)


def test_a_redaction_of_what_comes_after_it_is_none(redacted: World) -> None:
    with inside(LOG) as connection:
        names_another(connection, redacted.size - 1, {"position": redacted.size, "stream": "ledger", "version": 2})
        connection.execute("UPDATE events SET salt = NULL, payload = NULL WHERE position = ?", (redacted.size,))
    found = redacted.orch("audit", "verify", "--json").data
    assert (redacted.size - 1, "redaction") in problems_of(found)


def test_redactions_whose_head_is_gone_still_account_for_their_texts(redacted: World) -> None:
    with inside(LOG) as connection:
        connection.execute("DELETE FROM heads WHERE stream = 'ledger'")
    assert redacted.found()["problem_counts"] == {"head": 1}


@pytest.mark.parametrize("first", ["1", "12", "13", "21", "200"])
def test_a_range_counts_the_redactions_in_it(redacted: World, first: str) -> None:
    found = redacted.found("--from-position", first)
    assert (found["verdict"], found["problems"]) == ("incomplete", [])
    assert found["erased"] == sum(position >= int(first) for position in (12, 20))

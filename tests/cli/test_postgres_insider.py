"""Whoever owns the database changes it, and leaves no guard that speaks; the verification finds it and names it."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.cli.insider import root
from tests.cli.verified_world import World, keep, world

__all__ = ["keep", "world"]  # fixtures
pytestmark = pytest.mark.in_file  # each is moved into its database here
Change = Callable[["psycopg.Connection[Any]"], object]


@pytest.fixture
def there(world: World, database: str) -> World:
    """Return a copy of the world whose log is in a database."""
    assert world.orch("migrate", "--to", database).status == 0
    return world


def sql(text: str) -> Change:
    return lambda connection: connection.execute(text.encode())


def mallory(connection: "psycopg.Connection[Any]") -> None:
    """Let somebody else have done what is at position 20, and make everything fit that."""
    (envelope,) = connection.execute("SELECT envelope FROM orch.events WHERE position = 20").fetchone() or (b"",)
    said = json.loads(envelope)
    said["actor"]["id"] = "mallory"
    new = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    connection.execute("UPDATE orch.events SET envelope = %s WHERE position = 20", (new,))
    rows = connection.execute(
        "SELECT position, recorded_at, clock, envelope FROM orch.events ORDER BY position"
    ).fetchall()
    leaves = [sha256(b"\x00" + f"{row[0]} {row[1]} {row[2]}\n".encode() + row[3]).digest() for row in rows]
    connection.execute("UPDATE orch.events SET leaf = %s WHERE position = 20", (leaves[19],))
    tile = b"".join(leaves[:256]), root(leaves[:256])
    connection.execute("UPDATE orch.tiles SET hashes = %s, root = %s WHERE level = 0 AND number = 0", tile)
    frontier, start = b"", 0
    while start < len(leaves):
        width = 1 << (len(leaves) - start).bit_length() - 1
        frontier += root(leaves[start : start + width])
        start += width
    connection.execute("UPDATE orch.tree SET frontier = %s", (frontier,))


CHANGES: dict[str, tuple[Change, int | None, str]] = {
    "a payload": (sql("UPDATE orch.events SET payload = '{}' WHERE position = 20"), 20, "payload size"),
    "a text erased without a redaction": (
        sql("UPDATE orch.events SET salt = NULL, payload = NULL WHERE position = 20"),
        20,
        "erased without a redaction",
    ),
    "an envelope": (sql("UPDATE orch.events SET envelope = envelope || ' ' WHERE position = 20"), 20, "leaf"),
    "an envelope, everything re-hashed": (mallory, None, "checkpoint"),
    "an event deleted": (sql("DELETE FROM orch.events WHERE position = 200"), 200, "missing"),
    "the tail cut off": (sql("DELETE FROM orch.events WHERE position > 290"), 291, "missing"),
    "recorded time": (sql("UPDATE orch.events SET recorded_at = recorded_at + 1 WHERE position = 3"), 3, "leaf"),
    "a topic": (sql("UPDATE orch.events SET topic = 'phase.archived' WHERE position = 3"), 3, "column topic"),
    "a head": (
        sql(
            "UPDATE orch.heads SET facts = convert_to(replace(convert_from(facts, 'UTF8'), 'ada', 'eve'), 'UTF8')"
            " WHERE stream = 'phase:st01-x'"
        ),
        None,
        "head",
    ),
    "a tile": (sql("UPDATE orch.tiles SET root = sha256('x') WHERE number = 0"), None, "tile root"),
    "the tree": (sql("UPDATE orch.tree SET frontier = sha256('x')"), None, "tree"),
    "a command": (sql("UPDATE orch.commands SET last = last + 1 WHERE first = 1"), None, "command"),
    "a command forgotten": (sql("DELETE FROM orch.commands WHERE first = 1"), None, "command"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_found_and_named(there: World, database: str, name: str) -> None:
    change, position, what = CHANGES[name]
    with psycopg.connect(database) as connection:
        connection.execute("SET session_replication_role = replica")  # triggers say nothing
        change(connection)
    found = there.verify("--json")
    assert found.status == 6, found
    problems = [(each["position"], each["what"]) for each in found.data["problems"]]
    assert any(what in said and position in (None, at) for at, said in problems), problems


def test_what_nobody_changed_is_verified(there: World) -> None:
    assert there.verify().status in (0, 7)


def test_a_guard_that_was_switched_off_is_named(there: World, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("ALTER TABLE orch.events DISABLE TRIGGER events_never_change")
    found = there.verify("--json")
    assert "the guard events_never_change is switched off" in json.dumps(found.data)


def test_what_was_changed_does_not_move(there: World, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE orch.events SET payload = '{}' WHERE position = 20")
    refused = there.orch("migrate", "--to", "file", "--json")
    assert refused.status == 6, refused
    assert not Path(".orch/log.db").exists()
    assert there.orch("spec", "st09-x", "--objectives", "goes on where it was").status == 0

"""Somebody who owns the file of the log and knows how it is made: changes it with Python's own sqlite3."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

TILE = 256


@contextmanager
def inside(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a log with its guards removed, and put them back as they were: nothing is to be seen of them."""
    connection = sqlite3.connect(path)
    guards = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in guards:
        connection.execute(f"DROP TRIGGER {name}")
    yield connection
    for _, sql in guards:
        connection.execute(sql)
    connection.commit()
    connection.close()


def shifted(connection: sqlite3.Connection, first: int, by: int) -> None:
    """Renumber the events from a position on."""
    connection.execute("UPDATE events SET position = -(position + ?) WHERE position >= ?", (by, first))
    connection.execute("UPDATE events SET position = -position WHERE position < 0")


def envelope_changed(connection: sqlite3.Connection, position: int, change: Callable[[dict[str, Any]], None]) -> None:
    """Write another envelope in the canonical form."""
    (envelope,) = connection.execute("SELECT envelope FROM events WHERE position = ?", (position,)).fetchone()
    said = json.loads(envelope)
    change(said)
    new = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    connection.execute("UPDATE events SET envelope = ? WHERE position = ?", (new, position))


def leaf_rehashed(connection: sqlite3.Connection, position: int) -> bytes:
    """Make the leaf fit its row."""
    row = connection.execute(
        "SELECT position, recorded_at, clock, envelope FROM events WHERE position = ?", (position,)
    ).fetchone()
    leaf = sha256(b"\x00" + f"{row[0]} {row[1]} {row[2]}\n".encode() + row[3]).digest()
    connection.execute("UPDATE events SET leaf = ? WHERE position = ?", (leaf, position))
    return leaf


def everything_rehashed(connection: sqlite3.Connection) -> None:
    """Make leaves, tiles and tree fit the rows, as the program itself would have made them."""
    positions = [row[0] for row in connection.execute("SELECT position FROM events ORDER BY position")]
    leaves = [leaf_rehashed(connection, position) for position in positions]
    connection.execute("DELETE FROM tiles")
    for number in range(len(leaves) // TILE):
        part = leaves[number * TILE : (number + 1) * TILE]
        connection.execute("INSERT INTO tiles VALUES (0, ?, ?, ?)", (number, b"".join(part), root(part)))
    (last,) = connection.execute("SELECT recorded_at FROM events ORDER BY position DESC").fetchone()
    frontier, start = b"", 0
    while start < len(leaves):
        width = 1 << (len(leaves) - start).bit_length() - 1
        frontier += root(leaves[start : start + width])
        start += width
    connection.execute("UPDATE tree SET size = ?, frontier = ?, recorded_at = ?", (len(leaves), frontier, last))


def root(leaves: list[bytes]) -> bytes:
    """Return MTH of RFC 6962 §2.1."""
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + root(leaves[:left]) + root(leaves[left:])).digest()

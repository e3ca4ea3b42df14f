"""What SQLite does by itself on this disk: rows of about the size of a small draft, each committed durably."""

from pathlib import Path
from time import monotonic

import apsw

ENVELOPE, PAYLOAD = 700, 1200
"""Bytes of what a small draft writes."""


def seconds_of_raw_commits(file: Path, count: int) -> float:
    """Return how long so many commits of one row take, one after the other, in a new file."""
    connection = apsw.Connection(str(file))
    try:
        connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE raw (position INTEGER PRIMARY KEY, envelope BLOB, payload BLOB) STRICT")
        began = monotonic()
        for position in range(1, count + 1):
            connection.execute("INSERT INTO raw VALUES (?, zeroblob(?), zeroblob(?))", (position, ENVELOPE, PAYLOAD))
        return monotonic() - began
    finally:
        connection.close()

"""What this machine does without us: commits, reads of rows and plain Python, to hold our own figures against."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import apsw
import orjson

from adapters.raw_commits import ENVELOPE, PAYLOAD

SMALL = orjson.dumps({"topic": "phase.document_drafted", "facts": {f"fact_{n}": "x" * 20 for n in range(20)}})
ADDITIONS = 20_000


class RawWork(NamedTuple):
    """A table in a file of its own, with as many rows as are read."""

    connection: apsw.Connection
    rows: int

    def commit(self, count: int) -> None:
        """Commit so many rows one by one, each of them durable."""
        for _ in range(count):
            self.connection.execute("INSERT INTO raw (data) VALUES (zeroblob(?))", (ENVELOPE + PAYLOAD,))

    def commit_and_compute(self, count: int) -> None:
        """Commit a row and add numbers, about as much of both as a small draft takes.

        What is held against commits alone looks slower as soon as the disk is faster.
        """
        for _ in range(count):
            self.commit(1)
            self.compute(2)

    def read(self, count: int) -> None:
        """Read so many rows one by one, by their key."""
        for number in range(count):
            self.connection.execute("SELECT data FROM raw WHERE position = ?", (number % self.rows + 1,)).fetchone()

    def scan(self, count: int) -> None:
        """Read so many rows one after the other, and the JSON in them."""
        for number, (data,) in enumerate(self.connection.execute("SELECT data FROM raw ORDER BY position")):
            if number >= count:
                break
            orjson.loads(data)

    def compute(self, count: int) -> None:
        """Add numbers in plain Python, so many times as many."""
        for _ in range(count):
            sum(number for number in range(ADDITIONS))


@contextmanager
def raw_work(file: Path, rows: int) -> Iterator[RawWork]:
    """Make a table with so many small documents."""
    connection = apsw.Connection(str(file))
    try:
        connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE raw (position INTEGER PRIMARY KEY, data BLOB) STRICT")
        with connection:
            connection.executemany("INSERT INTO raw (data) VALUES (?)", ((SMALL,) for _ in range(rows)))
        yield RawWork(connection, rows)
    finally:
        connection.close()

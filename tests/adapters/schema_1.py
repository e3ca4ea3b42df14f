"""The tables as schema 1 had them, word for word, and logs as the version of then left them."""

from pathlib import Path

import apsw

from adapters.sqlite_schema import APPLICATION_ID

SCHEMA = """
CREATE TABLE store (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    recorded_at INTEGER NOT NULL,
    clock INTEGER NOT NULL,
    stream TEXT NOT NULL,
    version INTEGER NOT NULL,
    topic TEXT NOT NULL,
    command_id TEXT NOT NULL,
    envelope BLOB NOT NULL,
    salt BLOB,
    payload BLOB,
    leaf BLOB NOT NULL,
    UNIQUE (stream, version)
) STRICT;

CREATE TABLE heads (
    stream TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    facts BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE commands (
    command_id TEXT PRIMARY KEY,
    fingerprint TEXT,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tree (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL,
    frontier BLOB NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tiles (
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    root BLOB NOT NULL,
    PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID;

INSERT INTO tree VALUES (1, 0, x'', 0);
"""

GUARDS = """
CREATE TRIGGER events_next BEFORE INSERT ON events
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM events)
  OR EXISTS (SELECT 1 FROM events WHERE stream = NEW.stream AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'the log is append-only: only the next position can be added'); END;

CREATE TRIGGER events_never_change BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the log is append-only: events are never changed'); END;

CREATE TRIGGER events_never_go BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the log is append-only: events are never deleted'); END;

CREATE TRIGGER tiles_new BEFORE INSERT ON tiles
WHEN EXISTS (SELECT 1 FROM tiles WHERE level = NEW.level AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'full tiles are never replaced'); END;

CREATE TRIGGER tiles_never_change BEFORE UPDATE ON tiles
BEGIN SELECT RAISE(ABORT, 'full tiles are never changed'); END;

CREATE TRIGGER tiles_never_go BEFORE DELETE ON tiles
BEGIN SELECT RAISE(ABORT, 'full tiles are never deleted'); END;

CREATE TRIGGER commands_new BEFORE INSERT ON commands
WHEN EXISTS (SELECT 1 FROM commands WHERE command_id = NEW.command_id)
BEGIN SELECT RAISE(ABORT, 'a command is recorded once'); END;

CREATE TRIGGER commands_never_change BEFORE UPDATE ON commands
BEGIN SELECT RAISE(ABORT, 'recorded commands are never changed'); END;

CREATE TRIGGER commands_never_go BEFORE DELETE ON commands
BEGIN SELECT RAISE(ABORT, 'recorded commands are never deleted'); END;
"""


def as_schema_1(source: Path, path: Path) -> Path:
    """Write the rows of a log into a new file as the version of schema 1 did: in order, without `secure_delete`."""
    old = apsw.Connection(str(path))
    old.execute("PRAGMA journal_mode = WAL; PRAGMA secure_delete = OFF; PRAGMA synchronous = OFF")
    old.execute(f"BEGIN; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1")
    old.execute(SCHEMA)
    old.execute(GUARDS)
    old.execute("DELETE FROM tree; COMMIT")
    new = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)
    for row in new.execute("SELECT * FROM events ORDER BY position"):
        old.execute(f"INSERT INTO events VALUES ({', '.join('?' * len(row))})", row)
    for table in ("store", "heads", "commands", "tree", "tiles"):
        for row in new.execute(f"SELECT * FROM {table}"):
            old.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
    new.close()
    old.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    old.close()
    return path

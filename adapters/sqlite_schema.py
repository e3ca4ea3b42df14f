"""The tables of the SQLite log. They are made here and nowhere else."""

import apsw

APPLICATION_ID = 0x4F524348
"""`ORCH`: tells our files from other SQLite files."""
SCHEMA_VERSION = 1

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

CREATE TABLE snapshots (position INTEGER PRIMARY KEY, heads BLOB NOT NULL) STRICT;

INSERT INTO tree VALUES (1, 0, x'', 0);
"""

# Speed bumps against accidents; the evidence is the checkpoint that somebody else holds. The INSERT guard stops
# REPLACE even on a connection without recursive_triggers, where REPLACE deletes rows without telling any trigger.
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


def make_tables(connection: apsw.Connection, origin: str) -> None:
    """Make the tables of a new log inside the caller's transaction; the guards come when they are filled."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute(SCHEMA)
    connection.execute("INSERT INTO store VALUES ('origin', ?)", (origin,))


def make_guards(connection: apsw.Connection) -> None:
    """From here on rows can only be added."""
    connection.execute(GUARDS)

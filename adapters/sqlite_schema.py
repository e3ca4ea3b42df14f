"""The tables of the SQLite log. They are made here and nowhere else."""

import apsw

APPLICATION_ID = 0x4F524348
"""`ORCH`: tells our files from other SQLite files."""
SCHEMA_VERSION = 2
OLDEST_VERSION = 1
"""The oldest schema that can be read as it is. Writing needs the newest."""

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

SNAPSHOTS = "CREATE TABLE snapshots (position INTEGER PRIMARY KEY, heads BLOB NOT NULL) STRICT;"

# Speed bumps against accidents; the evidence is the checkpoint that somebody else holds. The INSERT guard stops
# REPLACE even on a connection without recursive_triggers, where REPLACE deletes rows without telling any trigger.
GUARDS = """
CREATE TRIGGER events_next BEFORE INSERT ON events
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM events)
  OR EXISTS (SELECT 1 FROM events WHERE stream = NEW.stream AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'the log is append-only: only the next position can be added'); END;

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

CREATE TRIGGER commands_never_go BEFORE DELETE ON commands
BEGIN SELECT RAISE(ABORT, 'recorded commands are never deleted'); END;
"""

# The one exception: a text goes, with its salt and the fingerprint of its command, once the log says it is redacted.
# SQLite takes a BLOB given to its JSON functions for JSONB, hence the casts. The plus keeps it from looking through
# all later positions instead of the ledger's own events, which the index on stream and version gives.
REDACTION = """
    SELECT 1 FROM events AS said
    WHERE said.stream = 'ledger' AND said.topic = 'ledger.payload_redacted' AND +said.position > {after}
      AND json_extract(CAST(said.envelope AS TEXT), '$.topic') = said.topic
      AND json_type(CAST(said.envelope AS TEXT), '$.facts.position') = 'integer'
      AND json_extract(CAST(said.envelope AS TEXT), '$.facts.position') {names}
"""
THIS_EVENT = """= OLD.position
      AND json_extract(CAST(said.envelope AS TEXT), '$.facts.stream') = OLD.stream
      AND json_extract(CAST(said.envelope AS TEXT), '$.facts.version') = OLD.version"""
EXCEPTION = f"""
CREATE TRIGGER events_never_change BEFORE UPDATE ON events
WHEN NOT (
    OLD.salt IS NOT NULL AND OLD.payload IS NOT NULL AND NEW.salt IS NULL AND NEW.payload IS NULL
    AND NEW.position IS OLD.position AND NEW.recorded_at IS OLD.recorded_at AND NEW.clock IS OLD.clock
    AND NEW.stream IS OLD.stream AND NEW.version IS OLD.version AND NEW.topic IS OLD.topic
    AND NEW.command_id IS OLD.command_id AND NEW.envelope IS OLD.envelope AND NEW.leaf IS OLD.leaf
    AND EXISTS ({REDACTION.format(after="OLD.position", names=THIS_EVENT)})
)
BEGIN SELECT RAISE(ABORT, 'the log is append-only: events are never changed, but for texts that were redacted'); END;

CREATE TRIGGER commands_never_change BEFORE UPDATE ON commands
WHEN NOT (
    OLD.fingerprint IS NOT NULL AND NEW.fingerprint IS NULL
    AND NEW.command_id IS OLD.command_id AND NEW.first IS OLD.first AND NEW.last IS OLD.last
    AND EXISTS ({REDACTION.format(after="OLD.first", names="BETWEEN OLD.first AND OLD.last")})
)
BEGIN SELECT RAISE(ABORT, 'recorded commands are never changed, but for fingerprints of redacted texts'); END;
"""
UPGRADES = {
    1: f"DROP TRIGGER events_never_change; DROP TRIGGER commands_never_change; {EXCEPTION} {SNAPSHOTS}",
}
"""What leads from a schema to the next one."""


def make_tables(connection: apsw.Connection, origin: str) -> None:
    """Make the tables of a new log inside the caller's transaction; the guards come when they are filled."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute(SCHEMA)
    connection.execute(SNAPSHOTS)
    connection.execute("INSERT INTO store VALUES ('origin', ?)", (origin,))


def make_guards(connection: apsw.Connection) -> None:
    """From here on rows can only be added."""
    connection.execute(GUARDS)
    connection.execute(EXCEPTION)

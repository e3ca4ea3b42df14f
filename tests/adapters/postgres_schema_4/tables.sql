-- The tables of the log in PostgreSQL: the columns of the SQLite log, to the byte.
-- Names are compared byte by byte ("C"), so that both stores list streams and commands in one order.

CREATE SCHEMA orch;

-- By which version of these tables the store was made.
CREATE TABLE orch.version (
    one integer PRIMARY KEY CHECK (one = 1),
    version integer NOT NULL
);

CREATE TABLE orch.store (
    key text COLLATE "C" PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE orch.events (
    position bigint PRIMARY KEY CHECK (position > 0),
    recorded_at bigint NOT NULL,
    clock bigint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    topic text COLLATE "C" NOT NULL,
    command_id text COLLATE "C" NOT NULL,
    envelope bytea NOT NULL,
    salt bytea,
    payload bytea,
    leaf bytea NOT NULL,
    UNIQUE (stream, version)
);

-- Heads and the tree are written with every command: room on the page keeps the new row beside the old one.
CREATE TABLE orch.heads (
    stream text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    position bigint NOT NULL,
    facts bytea NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE orch.commands (
    command_id text COLLATE "C" PRIMARY KEY,
    fingerprint text COLLATE "C",
    first bigint NOT NULL,
    last bigint NOT NULL
);

CREATE TABLE orch.tree (
    id integer PRIMARY KEY CHECK (id = 1),
    size bigint NOT NULL,
    frontier bytea NOT NULL,
    recorded_at bigint NOT NULL
) WITH (fillfactor = 10);

CREATE TABLE orch.tiles (
    level integer NOT NULL,
    number bigint NOT NULL,
    hashes bytea NOT NULL,
    root bytea NOT NULL,
    PRIMARY KEY (level, number)
);

CREATE TABLE orch.snapshots (
    position bigint PRIMARY KEY,
    heads bytea NOT NULL
);

-- Who may do what, so that a later version of the tables can grant the same again.
CREATE TABLE orch.members (
    role text COLLATE "C" PRIMARY KEY,
    may text COLLATE "C" NOT NULL CHECK (may IN ('write', 'read'))
);

INSERT INTO orch.tree VALUES (1, 0, '', 0);
-- What may be erased is in no statistics of the server: ANALYZE keeps samples of columns in pg_statistic, which whoever
-- may read the table can see, which is replicated, and which no redaction reaches. A change of its type, to the same
-- one, removes what an earlier version let it keep.
ALTER TABLE orch.events ALTER COLUMN payload TYPE bytea, ALTER COLUMN salt TYPE bytea;
ALTER TABLE orch.events ALTER COLUMN payload SET STATISTICS 0, ALTER COLUMN salt SET STATISTICS 0;
ALTER TABLE orch.commands ALTER COLUMN fingerprint TYPE text COLLATE "C";
ALTER TABLE orch.commands ALTER COLUMN fingerprint SET STATISTICS 0;

INSERT INTO orch.version VALUES (1, 4);
INSERT INTO orch.store VALUES (
    'cache_secret', encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex')
);

-- The one way in. A call is one transaction: it takes the writers' lock, and what it answers is durable once the
-- caller has the answer.

-- The server's clock, µs since the epoch.
CREATE FUNCTION orch.clock() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint $$;

-- Holds the lock that makes writers stand in line, until the transaction ends.
CREATE FUNCTION orch.take_turn(wait_ms integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- A snapshot of the whole transaction would be older than what the writer before us has committed.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION USING ERRCODE = 'OR003', MESSAGE = current_setting('transaction_isolation');
    END IF;
    IF current_setting('synchronous_commit') = 'off' THEN  -- durable means durable
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    PERFORM set_config('lock_timeout', wait_ms::text, true);
    PERFORM pg_advisory_xact_lock(1330790216);  -- 'ORCH'
END $$;

CREATE TYPE orch.answer AS (
    outcome text,  -- recorded, repeated, reused, conflict, damaged
    first bigint,
    last bigint,
    recorded_at bigint,
    said text,  -- the stream of a conflict; of damage, what was refused
    read bigint,
    found bigint
);

-- Stores a tile that has just filled up; the hashes below it stand in the store already.
CREATE FUNCTION orch.put_tile(at_level integer, at_number bigint, at_root bytea) RETURNS void LANGUAGE plpgsql
SET search_path = orch, pg_temp AS $$
DECLARE
    start bigint := at_number * 256;
BEGIN
    IF at_level = 0 THEN
        INSERT INTO tiles SELECT 0, at_number, string_agg(leaf, '' ORDER BY position), at_root
            FROM events WHERE position > start AND position <= start + 256;
    ELSE
        INSERT INTO tiles SELECT at_level, at_number, string_agg(root, '' ORDER BY number), at_root
            FROM tiles WHERE level = at_level - 1 AND number >= start AND number < start + 256;
    END IF;
END $$;

-- The tree of the log while it grows: RFC 6962, as `domain.merkle` computes it.
CREATE TYPE orch.growing AS (
    size bigint,
    frontier bytea,  -- roots of the perfect subtrees from left to right, 32 bytes each
    recorded_at bigint
);

-- Adds one leaf: each trailing set bit of the size is a subtree that the leaf completes into a larger one.
CREATE FUNCTION orch.grow(tree orch.growing, leaf bytea) RETURNS orch.growing LANGUAGE plpgsql AS $$
DECLARE
    node bytea := leaf;
    edge bytea := tree.frontier;
    level integer := 0;
BEGIN
    WHILE (tree.size >> level) & 1 = 1 LOOP
        node := sha256('\x01'::bytea || substr(edge, length(edge) - 31) || node);
        edge := substr(edge, 1, length(edge) - 32);
        level := level + 1;
        IF level % 8 = 0 THEN
            PERFORM orch.put_tile(level / 8 - 1, tree.size >> level, node);
        END IF;
    END LOOP;
    tree.frontier := edge || node;
    tree.size := tree.size + 1;
    RETURN tree;
END $$;

-- Answers a command that was recorded before, or one whose reading is out of date; NULL for one that may be written.
CREATE FUNCTION orch.refusal(id text, print text, reads json) RETURNS orch.answer LANGUAGE plpgsql AS $$
DECLARE
    known record;
    moved record;
BEGIN
    SELECT c.fingerprint, c.first, c.last, e.recorded_at INTO known
        FROM orch.commands AS c JOIN orch.events AS e ON e.position = c.last WHERE c.command_id = id;
    IF FOUND THEN
        IF known.fingerprint <> print THEN  -- NULL where it was forgotten with the text: then nobody can tell
            RETURN ROW ('reused', NULL, NULL, NULL, NULL, NULL, NULL)::orch.answer;
        END IF;
        RETURN ROW ('repeated', known.first, known.last, known.recorded_at, NULL, NULL, NULL)::orch.answer;
    END IF;
    FOR moved IN
        SELECT said.stream, said.version AS read,
            coalesce((SELECT h.version FROM orch.heads AS h WHERE h.stream = said.stream), 0) AS found
        FROM json_to_recordset(reads) AS said (stream text, version bigint)
    LOOP
        IF moved.found <> moved.read THEN
            RETURN ROW ('conflict', NULL, NULL, NULL, moved.stream, moved.read, moved.found)::orch.answer;
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- Writes one decision and returns the tree as it is then. What it raises, its caller answers.
CREATE FUNCTION orch.write(
    tree orch.growing, id text, print text, events json, heads json, erases json
) RETURNS orch.growing LANGUAGE plpgsql AS $$
DECLARE
    before bigint := tree.size;
    said bigint := orch.clock();
    event record;
    hashed bytea;
    erased bigint;
    its_command text;
BEGIN
    tree.recorded_at := greatest(said, tree.recorded_at + 1);
    FOR event IN
        SELECT * FROM json_to_recordset(events)
            AS e (stream text, version bigint, topic text, envelope text, salt text, payload text)
    LOOP
        hashed := sha256('\x00'::bytea || convert_to(
            (tree.size + 1)::text || ' ' || tree.recorded_at::text || ' ' || said::text || E'\n' || event.envelope,
            'UTF8'));
        INSERT INTO orch.events VALUES (
            tree.size + 1, tree.recorded_at, said, event.stream, event.version, event.topic, id,
            convert_to(event.envelope, 'UTF8'), decode(event.salt, 'hex'), convert_to(event.payload, 'UTF8'), hashed);
        tree := orch.grow(tree, hashed);
    END LOOP;
    INSERT INTO orch.heads
        SELECT h.stream, h.version, before + h.place, convert_to(h.facts, 'UTF8')
        FROM json_to_recordset(heads) AS h (stream text, version bigint, place bigint, facts text)
        ON CONFLICT (stream) DO UPDATE
        SET version = excluded.version, position = excluded.position, facts = excluded.facts;
    INSERT INTO orch.commands VALUES (id, print, before + 1, tree.size);
    FOR erased IN SELECT value::bigint FROM json_array_elements_text(erases) LOOP
        UPDATE orch.events SET salt = NULL, payload = NULL
            WHERE position = erased AND payload IS NOT NULL RETURNING command_id INTO its_command;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'OR001',
                MESSAGE = format('Position %s holds no text that could be erased.', erased);
        END IF;
        UPDATE orch.commands SET fingerprint = NULL WHERE command_id = its_command AND fingerprint IS NOT NULL;
    END LOOP;
    RETURN tree;
END $$;

-- `decisions` is a JSON array, as `adapters/postgres_writes.py` makes it; each gets its answer, in its place.
CREATE FUNCTION orch.append(wait_ms integer, decisions json) RETURNS SETOF orch.answer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = orch, pg_temp SET enable_seqscan = off AS $$
DECLARE
    tree orch.growing;
    grown orch.growing;
    before bigint;
    decision record;
    answer orch.answer;
BEGIN
    PERFORM orch.take_turn(wait_ms);
    SELECT t.size, t.frontier, t.recorded_at INTO STRICT tree FROM orch.tree AS t;
    before := tree.size;
    FOR decision IN
        SELECT * FROM json_to_recordset(decisions)
            AS d (id text, print text, events json, heads json, reads json, erases json)
    LOOP
        answer := orch.refusal(decision.id, decision.print, decision.reads);
        IF answer.outcome IS NULL THEN
            BEGIN  -- what fails half way leaves the other decisions alone
                grown := orch.write(
                    tree, decision.id, decision.print, decision.events, decision.heads, decision.erases);
                answer := ROW ('recorded', tree.size + 1, grown.size, grown.recorded_at, NULL, NULL, NULL)::orch.answer;
                tree := grown;
            EXCEPTION
                WHEN integrity_constraint_violation OR SQLSTATE 'OR002' THEN
                    answer.outcome := 'damaged';
                    answer.said := format('The log refused what its own heads allowed: %s.', SQLERRM);
                WHEN SQLSTATE 'OR001' THEN
                    answer.outcome := 'damaged';
                    answer.said := SQLERRM;
            END;
        END IF;
        RETURN NEXT answer;
    END LOOP;
    IF tree.size <> before THEN
        UPDATE orch.tree AS t SET size = tree.size, frontier = tree.frontier, recorded_at = tree.recorded_at;
        PERFORM pg_notify('orch', tree.size::text);
    END IF;
END $$;

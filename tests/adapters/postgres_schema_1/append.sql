-- The one way in. A call is one transaction: it takes the writers' lock, and what it answers is durable once the
-- caller has the answer.

-- The server's clock, µs since the epoch.
CREATE FUNCTION orch.clock() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint $$;

-- Holds the lock that makes writers stand in line, until the transaction ends.
CREATE FUNCTION orch.take_turn(wait_ms integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    said text;  -- an assignment is a third of what PERFORM costs
BEGIN
    -- A snapshot of the whole transaction would be older than what the writer before us has committed.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION USING ERRCODE = 'OR003', MESSAGE = current_setting('transaction_isolation');
    END IF;
    IF current_setting('synchronous_commit') = 'off' THEN  -- durable means durable
        said := set_config('synchronous_commit', 'on', true);
    END IF;
    said := set_config('lock_timeout', wait_ms::text, true);
    said := pg_advisory_xact_lock(1330790216);  -- 'ORCH'
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

-- Answers a command that was recorded before, or one whose reading is out of date; NULL for one that may be written.
CREATE FUNCTION orch.refusal(decision jsonb) RETURNS orch.answer LANGUAGE plpgsql AS $$
DECLARE
    known record;
    reads jsonb := decision -> 'reads';
    place integer := 0;
    moved text;
    now_at bigint;
BEGIN
    SELECT c.fingerprint, c.first, c.last INTO known FROM orch.commands AS c WHERE c.command_id = decision ->> 'id';
    IF FOUND THEN
        IF known.fingerprint <> decision ->> 'print' THEN  -- NULL where it was forgotten: then nobody can tell
            RETURN ROW ('reused', NULL, NULL, NULL, NULL, NULL, NULL)::orch.answer;
        END IF;
        SELECT e.recorded_at INTO STRICT now_at FROM orch.events AS e WHERE e.position = known.last;
        RETURN ROW ('repeated', known.first, known.last, now_at, NULL, NULL, NULL)::orch.answer;
    END IF;
    LOOP
        moved := reads -> place ->> 0;
        EXIT WHEN moved IS NULL;
        now_at := 0;
        SELECT h.version INTO now_at FROM orch.heads AS h WHERE h.stream = moved;
        now_at := coalesce(now_at, 0);
        IF now_at <> (reads -> place ->> 1)::bigint THEN
            RETURN ROW ('conflict', NULL, NULL, NULL, moved, (reads -> place ->> 1)::bigint, now_at)::orch.answer;
        END IF;
        place := place + 1;
    END LOOP;
    RETURN NULL;
END $$;

-- Writes one decision and returns the tree as it is then. What it raises, its caller answers.
CREATE FUNCTION orch.write(tree orch.growing, decision jsonb) RETURNS orch.growing LANGUAGE plpgsql AS $$
DECLARE
    id text := decision ->> 'id';
    size bigint := tree.size;
    edge bytea := tree.frontier;
    said bigint := orch.clock();
    at bigint := greatest(said, tree.recorded_at + 1);
    first_line text := ' ' || at || ' ' || said || E'\n';
    each jsonb;
    envelope bytea;
    node bytea;
    level integer;
    erased bigint;
    its_command text;
BEGIN
    FOR place IN 0 .. jsonb_array_length(decision -> 'events') - 1 LOOP
        each := decision -> 'events' -> place;
        envelope := convert_to(each ->> 3, 'UTF8');
        node := sha256('\x00'::bytea || convert_to((size + 1) || first_line, 'UTF8') || envelope);
        INSERT INTO orch.events VALUES (
            size + 1, at, said, each ->> 0, (each ->> 1)::bigint, each ->> 2, id, envelope,
            decode(each ->> 4, 'hex'), convert_to(each ->> 5, 'UTF8'), node);
        -- each trailing set bit of the size is a subtree that the new leaf completes into a larger one
        level := 0;
        WHILE (size >> level) & 1 = 1 LOOP
            node := sha256('\x01'::bytea || substr(edge, length(edge) - 31) || node);
            edge := substr(edge, 1, length(edge) - 32);
            level := level + 1;
            IF level % 8 = 0 THEN
                PERFORM orch.put_tile(level / 8 - 1, size >> level, node);
            END IF;
        END LOOP;
        edge := edge || node;
        size := size + 1;
    END LOOP;
    FOR place IN 0 .. jsonb_array_length(decision -> 'heads') - 1 LOOP
        each := decision -> 'heads' -> place;
        INSERT INTO orch.heads
            VALUES (each ->> 0, (each ->> 1)::bigint, tree.size + (each ->> 2)::bigint, convert_to(each ->> 3, 'UTF8'))
            ON CONFLICT (stream) DO UPDATE
            SET version = excluded.version, position = excluded.position, facts = excluded.facts;
    END LOOP;
    INSERT INTO orch.commands VALUES (id, decision ->> 'print', tree.size + 1, size);
    FOR place IN 0 .. jsonb_array_length(decision -> 'erases') - 1 LOOP
        erased := (decision -> 'erases' ->> place)::bigint;
        UPDATE orch.events SET salt = NULL, payload = NULL
            WHERE position = erased AND payload IS NOT NULL RETURNING command_id INTO its_command;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'OR001',
                MESSAGE = format('Position %s holds no text that could be erased', erased);
        END IF;
        UPDATE orch.commands SET fingerprint = NULL WHERE command_id = its_command AND fingerprint IS NOT NULL;
    END LOOP;
    RETURN ROW (size, edge, at)::orch.growing;
END $$;

-- `decisions` is an array, as `adapters/postgres_writes.py` makes it; each gets its answer, in its place.
CREATE FUNCTION orch.append(wait_ms integer, decisions jsonb) RETURNS SETOF orch.answer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = orch, pg_temp SET enable_seqscan = off AS $$
DECLARE
    tree orch.growing;
    grown orch.growing;
    before bigint;
    decision jsonb;
    answer orch.answer;
    many boolean := jsonb_array_length(decisions) > 1;
BEGIN
    PERFORM orch.take_turn(wait_ms);
    SELECT t.size, t.frontier, t.recorded_at INTO STRICT tree FROM orch.tree AS t;
    before := tree.size;
    FOR place IN 0 .. jsonb_array_length(decisions) - 1 LOOP
        decision := decisions -> place;
        answer := orch.refusal(decision);
        IF answer.outcome IS NOT NULL THEN
            RETURN NEXT answer;
            CONTINUE;
        END IF;
        IF many THEN
            BEGIN  -- what fails half way leaves the other decisions alone
                grown := orch.write(tree, decision);
            EXCEPTION
                WHEN integrity_constraint_violation OR SQLSTATE 'OR001' OR SQLSTATE 'OR002' THEN
                    answer.outcome := 'damaged';
                    answer.said := SQLERRM;
                    RETURN NEXT answer;
                    CONTINUE;
            END;
        ELSE
            grown := orch.write(tree, decision);
        END IF;
        RETURN NEXT ROW ('recorded', tree.size + 1, grown.size, grown.recorded_at, NULL, NULL, NULL)::orch.answer;
        tree := grown;
    END LOOP;
    IF tree.size <> before THEN
        UPDATE orch.tree AS t SET size = tree.size, frontier = tree.frontier, recorded_at = tree.recorded_at;
        PERFORM pg_notify('orch', tree.size::text);
    END IF;
END $$;

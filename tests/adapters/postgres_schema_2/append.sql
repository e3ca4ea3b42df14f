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

-- Answers a command that was recorded before.
CREATE FUNCTION orch.known_as(fingerprint text, first bigint, last bigint, decision jsonb) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT jsonb_build_array(CASE
        WHEN fingerprint <> decision ->> 'print' THEN  -- NULL where it was forgotten: then nobody can tell
            jsonb_build_array('reused')
        ELSE jsonb_build_array('repeated', first, last, (SELECT recorded_at FROM orch.events WHERE position = last))
    END)
$$;

-- Erases what a redaction of this transaction names, and the fingerprints of the commands that wrote it.
CREATE FUNCTION orch.erase(positions jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    erased bigint;
    its_command text;
BEGIN
    FOR erased IN SELECT jsonb_array_elements(positions)::bigint LOOP
        UPDATE orch.events SET salt = NULL, payload = NULL
            WHERE position = erased AND payload IS NOT NULL RETURNING command_id INTO its_command;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'OR001',
                MESSAGE = format('Position %s holds no text that could be erased', erased);
        END IF;
        UPDATE orch.commands SET fingerprint = NULL WHERE command_id = its_command AND fingerprint IS NOT NULL;
    END LOOP;
END $$;

-- Writes the decisions that may be written and answers each in its place, as `adapters/postgres_writes.py` reads it.
-- What it raises, its caller answers. Plain statements and few of them: each expression costs a microsecond or two for
-- every transaction, each statement ten.
CREATE FUNCTION orch.write(decisions jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    answers jsonb := '[]';
    before bigint;
    last bigint;  -- the position of the latest event, which is the size of the tree
    edge bytea;  -- the growing edge of the tree, RFC 6962 as `domain.merkle`: roots of 32 bytes, from left to right
    at bigint;
    said bigint;
    decision jsonb;
    id text;
    known record;
    moved bigint;
    first_line text;
    start bigint;
    each jsonb;
    node bytea;
    level integer;
    nothing text;
BEGIN
    SELECT t.size, t.frontier, t.recorded_at INTO STRICT last, edge, at FROM orch.tree AS t;
    before := last;
    <<decisions>>
    FOR place IN 0 .. jsonb_array_length(decisions) - 1 LOOP
        decision := decisions -> place;
        id := decision ->> 'id';
        SELECT c.fingerprint, c.first, c.last INTO known FROM orch.commands AS c WHERE c.command_id = id;
        IF FOUND THEN
            answers := answers || orch.known_as(known.fingerprint, known.first, known.last, decision);
            CONTINUE;
        END IF;
        FOR place IN 0 .. jsonb_array_length(decision -> 'reads') - 1 LOOP
            each := decision -> 'reads' -> place;
            SELECT h.version INTO moved FROM orch.heads AS h WHERE h.stream = each ->> 0;
            IF coalesce(moved, 0) <> (each ->> 1)::bigint THEN
                answers := answers || jsonb_build_array(
                    jsonb_build_array('conflict', each ->> 0, (each ->> 1)::bigint, coalesce(moved, 0)));
                CONTINUE decisions;
            END IF;
        END LOOP;
        said := orch.clock();
        at := greatest(said, at + 1);
        first_line := ' ' || at || ' ' || said || E'\n';
        start := last;
        FOR place IN 0 .. jsonb_array_length(decision -> 'events') - 1 LOOP
            each := decision -> 'events' -> place;
            level := 0;
            INSERT INTO orch.events VALUES (
                last + 1, at, said, each ->> 0, (each ->> 1)::bigint, each ->> 2, id, convert_to(each ->> 3, 'UTF8'),
                decode(each ->> 4, 'hex'), convert_to(each ->> 5, 'UTF8'),
                sha256('\x00'::bytea || convert_to((last + 1) || first_line || (each ->> 3), 'UTF8'))
            ) RETURNING leaf INTO node;
            -- each trailing set bit of the size is a subtree that the new leaf completes into a larger one
            WHILE (last >> level) & 1 = 1 LOOP
                node := sha256('\x01'::bytea || substr(edge, length(edge) - 31) || node);
                edge := substr(edge, 1, length(edge) - 32);
                level := level + 1;
                IF level % 8 = 0 THEN
                    nothing := orch.put_tile(level / 8 - 1, last >> level, node);
                END IF;
            END LOOP;
            edge := edge || node;
            last := last + 1;
            IF each ->> 6 IS NOT NULL THEN  -- the last event of its stream brings the head
                INSERT INTO orch.heads VALUES (each ->> 0, (each ->> 1)::bigint, last, convert_to(each ->> 6, 'UTF8'))
                    ON CONFLICT (stream) DO UPDATE
                    SET version = excluded.version, position = excluded.position, facts = excluded.facts;
            END IF;
        END LOOP;
        INSERT INTO orch.commands VALUES (id, decision ->> 'print', start + 1, last);
        IF decision ? 'erases' THEN
            nothing := orch.erase(decision -> 'erases');
        END IF;
        answers := answers || jsonb_build_array(jsonb_build_array('recorded', start + 1, last, at));
    END LOOP;
    IF last <> before THEN
        UPDATE orch.tree AS t SET size = last, frontier = edge, recorded_at = at;
        nothing := pg_notify('orch', last::text);
    END IF;
    RETURN answers;
END $$;

-- `decisions` is an array, as `adapters/postgres_writes.py` makes it; each gets its answer, in its place.
CREATE FUNCTION orch.append(wait_ms integer, decisions jsonb) RETURNS jsonb LANGUAGE plpgsql
SECURITY DEFINER SET search_path = orch, pg_temp SET enable_seqscan = off AS $$
DECLARE
    answers jsonb := '[]';
    nothing text;
BEGIN
    nothing := orch.take_turn(wait_ms);
    IF jsonb_array_length(decisions) = 1 THEN
        RETURN orch.write(decisions);
    END IF;
    BEGIN
        RETURN orch.write(decisions);
    EXCEPTION
        WHEN integrity_constraint_violation OR SQLSTATE 'OR001' OR SQLSTATE 'OR002' THEN
            NULL;  -- one of them fails half way, which is rare: then each has a savepoint of its own
    END;
    FOR place IN 0 .. jsonb_array_length(decisions) - 1 LOOP
        BEGIN
            answers := answers || orch.write(jsonb_build_array(decisions -> place));
        EXCEPTION
            WHEN integrity_constraint_violation OR SQLSTATE 'OR001' OR SQLSTATE 'OR002' THEN
                answers := answers || jsonb_build_array(jsonb_build_array('damaged', SQLERRM));
        END;
    END LOOP;
    RETURN answers;
END $$;

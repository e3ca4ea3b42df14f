-- The one way in. A call is one transaction: it takes the writers' lock, and what it answers is durable once the
-- caller has the answer.

-- The server's clock, µs since the epoch.
CREATE FUNCTION orch.clock() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint $$;

-- Sees to it that a transaction may write the log.
CREATE FUNCTION orch.be_careful() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    said text;  -- an assignment is a third of what PERFORM costs
BEGIN
    -- What follows is for whoever needs it: each expression of its own costs every command.
    IF current_setting('transaction_isolation') = 'read committed' AND current_setting('transaction_read_only') = 'off'
        AND current_setting('synchronous_commit') <> 'off' AND current_setting('client_min_messages') <> 'error'
    THEN
        RETURN;
    END IF;
    -- A snapshot of the whole transaction would be older than what the writer before us has committed.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION USING ERRCODE = 'OR003', MESSAGE = current_setting('transaction_isolation');
    END IF;
    IF current_setting('transaction_read_only') = 'on' THEN  -- a standby, where not even what is unlogged can be asked
        RAISE EXCEPTION USING ERRCODE = '25006', MESSAGE = 'cannot write the log in a read-only transaction';
    END IF;
    IF current_setting('synchronous_commit') = 'off' THEN  -- durable means durable
        said := set_config('synchronous_commit', 'on', true);
    END IF;
    IF current_setting('client_min_messages') = 'error' THEN  -- a commit whose wait for a standby is ended only warns
        said := set_config('client_min_messages', 'warning', true);
    END IF;
END $$;

-- Holds the lock that makes writers stand in line, until the transaction ends.
CREATE FUNCTION orch.take_turn(wait_ms integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    said text;
BEGIN
    said := orch.be_careful();
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

-- Before a command is said to be recorded by a transaction that was not this one: waits for the standbys that this one
-- would have waited for. The other may have been cancelled while it waited for them, which makes it visible all the same.
CREATE FUNCTION orch.wait_for_standbys() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    said text;
BEGIN
    IF current_setting('synchronous_standby_names') <> '' THEN
        said := orch.be_careful();
        said := pg_logical_emit_message(true, 'orch', '');
    END IF;
END $$;

-- Answers a command that was recorded before.
CREATE FUNCTION orch.known_as(fingerprint text, first bigint, last bigint, decision jsonb) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT CASE
        WHEN fingerprint <> decision ->> 'print' THEN  -- NULL where it was forgotten: then nobody can tell
            jsonb_build_array('reused')
        ELSE jsonb_build_array('repeated', first, last, (SELECT recorded_at FROM orch.events WHERE position = last))
    END
$$;

-- Erases what a redaction of this transaction names, the fingerprints of the commands that wrote it, and what sessions have
-- left of them that never came back for an answer.
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
        DELETE FROM orch.waiting WHERE decision ->> 'id' = its_command OR until < orch.clock();
    END LOOP;
END $$;

-- Puts what was decided into the tables: one statement for each, however many decisions it is for. A statement for each
-- event costs three times as much.
CREATE FUNCTION orch.put(
    its_events orch.events[], its_heads orch.heads[], its_commands orch.commands[], its_tiles jsonb[], erased jsonb[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    each jsonb;
    nothing text;
BEGIN
    INSERT INTO orch.events SELECT * FROM unnest(its_events);
    INSERT INTO orch.heads SELECT * FROM unnest(its_heads)
        ON CONFLICT (stream) DO UPDATE
        SET version = excluded.version, position = excluded.position, facts = excluded.facts;
    INSERT INTO orch.commands SELECT * FROM unnest(its_commands);
    FOREACH each IN ARRAY its_tiles LOOP
        nothing := orch.put_tile((each ->> 0)::integer, (each ->> 1)::bigint, decode(each ->> 2, 'hex'));
    END LOOP;
    FOREACH each IN ARRAY erased LOOP
        nothing := orch.erase(each);
    END LOOP;
END $$;

-- Writes the decisions that may be written and answers each in its place, as `adapters/postgres_writes.py` reads it.
-- What it raises, its caller answers. Plain statements and few of them: each expression costs a microsecond or two for
-- every transaction, each statement ten. What is decided is put into the tables together, once something that comes
-- later has to see it.
CREATE FUNCTION orch.write(decisions jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    answers jsonb[] := '{}';
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
    stream text;
    node bytea;
    level integer;
    seat integer;
    nothing text;
    new_events orch.events[] := '{}';  -- decided, and not in the tables yet
    new_heads orch.heads[] := '{}';
    new_commands orch.commands[] := '{}';
    new_tiles jsonb[] := '{}';
    erased jsonb[] := '{}';
    ids text[] := '{}';  -- of the new commands
    streams text[] := '{}';  -- of the new heads, in their order
BEGIN
    SELECT t.size, t.frontier, t.recorded_at INTO STRICT last, edge, at FROM orch.tree AS t;
    before := last;
    <<decisions>>
    FOR place IN 0 .. jsonb_array_length(decisions) - 1 LOOP
        decision := decisions -> place;
        id := decision ->> 'id';
        IF id = ANY (ids) OR cardinality(erased) > 0 THEN  -- this one asks for rows that are not there yet
            nothing := orch.put(new_events, new_heads, new_commands, new_tiles, erased);
            new_events := '{}'; new_heads := '{}'; new_commands := '{}'; new_tiles := '{}'; erased := '{}';
            ids := '{}'; streams := '{}';
        END IF;
        SELECT c.fingerprint, c.first, c.last INTO known FROM orch.commands AS c WHERE c.command_id = id;
        IF FOUND THEN
            nothing := orch.wait_for_standbys();
            answers := answers || orch.known_as(known.fingerprint, known.first, known.last, decision);
            CONTINUE;
        END IF;
        FOR place IN 0 .. jsonb_array_length(decision -> 'reads') - 1 LOOP
            each := decision -> 'reads' -> place;
            seat := array_position(streams, each ->> 0);
            IF seat IS NULL THEN
                SELECT h.version INTO moved FROM orch.heads AS h WHERE h.stream = each ->> 0;
            ELSE
                moved := new_heads[seat].version;
            END IF;
            IF coalesce(moved, 0) <> (each ->> 1)::bigint THEN
                answers := answers || jsonb_build_array('conflict', each ->> 0, (each ->> 1)::bigint, coalesce(moved, 0));
                CONTINUE decisions;
            END IF;
        END LOOP;
        said := orch.clock();
        at := greatest(said, at + 1);
        first_line := ' ' || at || ' ' || said || E'\n';
        start := last;
        FOR place IN 0 .. jsonb_array_length(decision -> 'events') - 1 LOOP
            each := decision -> 'events' -> place;
            stream := each ->> 0;
            level := 0;
            node := sha256(E'\\x00'::bytea || convert_to((last + 1) || first_line || (each ->> 3), 'UTF8'));
            new_events := new_events || ROW(
                last + 1, at, said, stream, (each ->> 1)::bigint, each ->> 2, id, convert_to(each ->> 3, 'UTF8'),
                decode(each ->> 4, 'hex'), convert_to(each ->> 5, 'UTF8'), node
            )::orch.events;
            -- each trailing set bit of the size is a subtree that the new leaf completes into a larger one
            WHILE (last >> level) & 1 = 1 LOOP
                node := sha256(E'\\x01'::bytea || substr(edge, length(edge) - 31) || node);
                edge := substr(edge, 1, length(edge) - 32);
                level := level + 1;
                IF level % 8 = 0 THEN
                    new_tiles := new_tiles || jsonb_build_array(level / 8 - 1, last >> level, encode(node, 'hex'));
                END IF;
            END LOOP;
            edge := edge || node;
            last := last + 1;
            IF each ->> 6 IS NOT NULL THEN  -- the last event of its stream brings the head
                seat := coalesce(array_position(streams, stream), cardinality(streams) + 1);
                streams[seat] := stream;
                new_heads[seat] := ROW(stream, (each ->> 1)::bigint, last, convert_to(each ->> 6, 'UTF8'))::orch.heads;
            END IF;
        END LOOP;
        ids := ids || id;
        new_commands := new_commands || ROW(id, decision ->> 'print', start + 1, last)::orch.commands;
        IF decision ? 'erases' THEN
            erased := erased || (decision -> 'erases');
        END IF;
        answers := answers || jsonb_build_array('recorded', start + 1, last, at);
    END LOOP;
    IF last <> before THEN
        nothing := orch.put(new_events, new_heads, new_commands, new_tiles, erased);
        UPDATE orch.tree AS t SET size = last, frontier = edge, recorded_at = at;
        nothing := pg_notify('orch', last::text);
    END IF;
    RETURN to_jsonb(answers);
END $$;

-- `decisions` is an array, as `adapters/postgres_writes.py` makes it; each gets its answer, in its place. Before PostgreSQL
-- 18 what is switched off costs so much that every statement would be compiled: 100 ms for each command.
CREATE FUNCTION orch.append(wait_ms integer, decisions jsonb) RETURNS jsonb LANGUAGE plpgsql
SECURITY DEFINER SET search_path = orch, pg_temp SET enable_seqscan = off SET jit = off AS $$
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

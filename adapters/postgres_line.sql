-- The line of those who find another session writing: they leave their request, and who comes to write takes with it
-- what others have left. So sessions share a commit, and its flush, and stand in line for the lock no longer than before.

-- Removes requests whose owners never came, an hour later, and answers once nobody waits for them; they hold no text.
CREATE FUNCTION orch.sweep() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = orch, pg_temp AS $$
    DELETE FROM orch.waiting WHERE until < orch.clock() - 3600000000;
    DELETE FROM orch.answered WHERE until < orch.clock();
$$;

-- Writes a request and those that wait with it, keeps the answers of the others for them, and returns its own; NULL where
-- it is not there. Those with a number near it are taken, so that a few are read and never the room of all that were.
CREATE FUNCTION orch.write_for_all(mine bigint, its_key uuid) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    each orch.waiting;
    everything jsonb := '[]';
    those orch.waiting[] := '{}';
    answers jsonb;
    its_answers jsonb;
    my_answers jsonb;
    start integer := 0;
    behind integer;
BEGIN
    FOR each IN
        DELETE FROM orch.waiting AS w
        WHERE w.number BETWEEN mine - 64 AND mine + 64 AND (w.until >= orch.clock() OR w.key = its_key)
        RETURNING *
    LOOP
        everything := everything || each.decisions;
        each.decisions := to_jsonb(jsonb_array_length(each.decisions));  -- how many there are is all that is wanted yet
        those := those || each;
    END LOOP;
    answers := orch.write_all(everything);
    FOREACH each IN ARRAY those LOOP
        behind := start + each.decisions::integer;
        IF behind = start + 1 THEN
            its_answers := jsonb_build_array(answers -> start);
        ELSE
            its_answers := (
                SELECT jsonb_agg(answers -> place ORDER BY place) FROM generate_series(start, behind - 1) AS place
            );
        END IF;
        start := behind;
        IF each.key = its_key THEN
            my_answers := its_answers;
        ELSE
            INSERT INTO orch.answered VALUES (each.number, each.key, each.until, its_answers);
        END IF;
    END LOOP;
    RETURN my_answers;
END $$;

-- Waits for the lock, then returns the answer to a ticket: the one that another session has left, or by writing for all
-- who wait. NULL where nobody knows the ticket: a crash has emptied the line, and the decisions are to be sent again.
CREATE FUNCTION orch.answer(wait_ms integer, ticket jsonb) RETURNS jsonb LANGUAGE plpgsql
SECURITY DEFINER SET search_path = orch, pg_temp SET enable_seqscan = off AS $$
DECLARE
    mine bigint := ticket ->> 'number';
    its_key uuid := ticket ->> 'key';
    said jsonb;
    nothing text;
BEGIN
    nothing := orch.take_turn(wait_ms);
    SELECT a.answers INTO said FROM orch.answered AS a WHERE a.number = mine AND a.key = its_key;
    IF FOUND THEN
        RETURN said;
    END IF;
    IF mine % 1000 = 0 THEN
        nothing := orch.sweep();
    END IF;
    BEGIN
        RETURN orch.write_for_all(mine, its_key);
    EXCEPTION
        WHEN OTHERS THEN
            NULL;  -- the request of somebody cannot even be read: nobody else may suffer for it
    END;
    DELETE FROM orch.waiting AS w WHERE w.number = mine AND w.key = its_key RETURNING w.decisions INTO said;
    RETURN CASE WHEN said IS NOT NULL THEN orch.write_all(said) END;
END $$;

-- Takes a request back: NULL, and it is never written; or the answer, where somebody has written it.
CREATE FUNCTION orch.withdraw(ticket jsonb) RETURNS jsonb LANGUAGE plpgsql
SECURITY DEFINER SET search_path = orch, pg_temp AS $$
DECLARE
    said jsonb;
BEGIN
    -- whoever is writing it holds the row, and this waits until it is committed or rolled back
    DELETE FROM orch.waiting AS w WHERE w.number = (ticket ->> 'number')::bigint AND w.key = (ticket ->> 'key')::uuid;
    SELECT a.answers INTO said FROM orch.answered AS a
        WHERE a.number = (ticket ->> 'number')::bigint AND a.key = (ticket ->> 'key')::uuid;
    RETURN said;
END $$;

-- Sessions that find another one writing leave their command with it, and whoever writes next takes along what others
-- have left: so processes share a commit and its flush. What became of a command is never kept here: the log tells.

-- The number up to which something may have been left since somebody looked; NULL: nothing.
CREATE FUNCTION orch.left_since() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    newest bigint;
    looked bigint;
BEGIN
    SELECT w.last_value, t.last_value INTO newest, looked FROM orch.waiting_number AS w, orch.waiting_taken AS t;
    IF newest = looked THEN  -- as nearly always where one writes: to look at the table would cost 40 µs
        RETURN NULL;
    END IF;
    IF newest >> 12 <> looked >> 12 THEN  -- now and then what no owner has fetched
        DELETE FROM orch.waiting AS w WHERE w.until < orch.clock();
    END IF;
    RETURN setval('orch.waiting_taken', newest);
END $$;

-- Writes a command together with what others have left, and returns its answer. Of those, only what is recorded goes:
-- whoever finds its own command still there writes it itself, and so is told what hinders it.
CREATE FUNCTION orch.write_with_others(its_decision jsonb, newest bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    taken orch.waiting[];
    each orch.waiting;
    batch jsonb := jsonb_build_array(its_decision);
    answers jsonb;
    place integer := 0;
    said text;
BEGIN
    WITH gone AS (
        DELETE FROM orch.waiting AS w  -- 128 numbers: as much as one transaction does for others
        WHERE w.number BETWEEN newest - 127 AND newest AND NOT w.alone RETURNING w.*
    ) SELECT coalesce(array_agg(g.*::orch.waiting ORDER BY g.number), '{}') INTO taken
        FROM gone AS g WHERE g.until > orch.clock();
    FOREACH each IN ARRAY taken LOOP
        batch := batch || jsonb_build_array(each.decision);
    END LOOP;
    IF current_setting('synchronous_commit') IN ('local', 'remote_write') THEN
        said := set_config('synchronous_commit', 'on', true);  -- what those rely on for whom this writes
    END IF;
    answers := orch.write(batch);
    FOREACH each IN ARRAY taken LOOP
        place := place + 1;
        IF answers -> place ->> 0 <> 'recorded' THEN
            INSERT INTO orch.waiting OVERRIDING SYSTEM VALUE VALUES (each.number, each.until, true, each.decision);
        END IF;
    END LOOP;
    RETURN answers -> 0;
END $$;

-- Writes a command, with those of others where there are any, and returns its answer. Its caller holds the lock.
CREATE FUNCTION orch.write_together(its_decision jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    newest bigint := orch.left_since();
BEGIN
    IF newest IS NOT NULL THEN
        BEGIN
            RETURN orch.write_with_others(its_decision, newest);
        EXCEPTION
            WHEN lock_not_available THEN
                RAISE;  -- its time is over
            WHEN OTHERS THEN  -- something of theirs, or of this one, cannot be written: each for itself
                UPDATE orch.waiting AS w SET alone = true WHERE w.number BETWEEN newest - 127 AND newest;
        END;
    END IF;
    RETURN orch.write(jsonb_build_array(its_decision)) -> 0;
END $$;

-- What is recorded of a command that lies here no more: the answer, or an object with it where it has to wait for standbys;
-- NULL: nothing.
CREATE FUNCTION orch.recorded_of(place bigint, its_decision jsonb, outcome text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    known jsonb;
BEGIN
    SELECT jsonb_build_array(outcome, c.first, c.last, e.recorded_at) INTO known
        FROM orch.commands AS c JOIN orch.events AS e ON e.position = c.last
        WHERE c.command_id = its_decision ->> 'id'
          AND coalesce(c.fingerprint, its_decision ->> 'print') = its_decision ->> 'print'
          AND NOT EXISTS (SELECT FROM orch.waiting AS w WHERE w.number = place);
    IF current_setting('synchronous_standby_names') = '' THEN
        RETURN known;
    END IF;
    RETURN CASE WHEN known IS NOT NULL THEN jsonb_build_object('found', known) END;
END $$;

-- Takes a command back whose owner waits no longer, and says why; or answers it, where somebody has recorded it by now.
CREATE FUNCTION orch.withdraw(place bigint, its_decision jsonb, state text, why text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    said text;
    outcome text := 'recorded';
BEGIN
    said := set_config('synchronous_commit', 'off', true);  -- to take something back records nothing
    said := set_config('lock_timeout', '1000', true);
    FOR attempt IN 1..2 LOOP  -- whoever takes it along holds it until it commits, and may have put it back by then
        DELETE FROM orch.waiting AS w WHERE w.number = place;
        IF FOUND THEN
            outcome := 'repeated';  -- if it is recorded, then not for this session
        END IF;
    END LOOP;
    RETURN coalesce(orch.recorded_of(place, its_decision, outcome), jsonb_build_object('state', state, 'said', why));
EXCEPTION
    WHEN OTHERS OR query_canceled THEN  -- then it still lies there, or is being recorded
        RETURN jsonb_build_object('state', 'OR005', 'said', 'what becomes of this command is not known yet');
END $$;

-- Waits to be the next who writes, unless another session does that already, and returns whether it is now. Until then it
-- holds a lock of its session, so that there is one; were it ever left behind, whoever waits would only wait in line.
CREATE FUNCTION orch.be_next(wait_ms integer) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    is_it boolean := false;
    said text;
BEGIN
    is_it := pg_try_advisory_lock(1330790218);
    IF is_it THEN
        said := orch.take_turn(wait_ms);
        said := pg_advisory_unlock(1330790218);
    END IF;
    RETURN is_it;
EXCEPTION
    WHEN OTHERS OR query_canceled THEN
        IF is_it THEN
            said := pg_advisory_unlock(1330790218);
        END IF;
        RAISE;
END $$;

-- Writes a command if nobody else is writing, or as the next one; otherwise leaves it and returns its number.
CREATE FUNCTION orch.write_or_leave(wait_ms integer, its_decision jsonb) RETURNS jsonb LANGUAGE plpgsql
SECURITY DEFINER SET search_path = orch, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
    said text;
    place bigint;
BEGIN
    said := orch.be_careful();
    said := set_config('lock_timeout', wait_ms::text, true);
    IF pg_try_advisory_xact_lock(1330790216) THEN
        RETURN orch.write_together(its_decision);
    END IF;
    IF (
        current_setting('synchronous_commit') = 'on'  -- it relies on what the sessions do that carry it
        AND pg_column_size(its_decision) <= 16384  -- and 128 of the largest take them half a second
        AND jsonb_array_length(its_decision -> 'events') + jsonb_array_length(its_decision -> 'reads')
            + coalesce(jsonb_array_length(its_decision -> 'erases'), 0) <= 32
    ) IS NOT TRUE THEN
        said := orch.take_turn(wait_ms);
        RETURN orch.write_together(its_decision);
    END IF;
    IF orch.be_next(wait_ms) THEN
        RETURN orch.write_together(its_decision);
    END IF;
    said := set_config('synchronous_commit', 'off', true);  -- to leave something records nothing
    INSERT INTO orch.waiting (until, alone, decision)
        VALUES (orch.clock() + least(wait_ms, 600000) * 1000::bigint, false, its_decision) RETURNING number INTO place;
    RETURN to_jsonb(place);
END $$;

-- Waits until the session that writes has committed, together with all who wait for that, and returns what is recorded of
-- a command that was left; NULL: nothing.
CREATE FUNCTION orch.recorded_meanwhile(wait_ms integer, place bigint, its_decision jsonb) RETURNS jsonb LANGUAGE plpgsql
SECURITY DEFINER SET search_path = orch, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
    said text;
BEGIN
    said := set_config('lock_timeout', wait_ms::text, true);
    said := pg_advisory_xact_lock_shared(1330790216);
    RETURN orch.recorded_of(place, its_decision, 'recorded');
EXCEPTION
    WHEN OTHERS OR query_canceled THEN
        RETURN orch.withdraw(place, its_decision, SQLSTATE, SQLERRM);
END $$;

-- Waits for the lock, for what is left of the time, and writes a command that was left, unless somebody has. An error is
-- an object, and no exception: the command is withdrawn then, and is never written, once this transaction is committed.
CREATE FUNCTION orch.lead(wait_ms integer, began timestamptz, place bigint, its_decision jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = orch, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
    waited_ms integer := extract(epoch FROM clock_timestamp() - began) * 1000;
    said text;
    known jsonb;
BEGIN
    BEGIN
        said := orch.take_turn(greatest(1, wait_ms - waited_ms));
        DELETE FROM orch.waiting AS w WHERE w.number = place;
        IF NOT FOUND THEN
            known := orch.recorded_of(place, its_decision, 'recorded');
        END IF;
    EXCEPTION
        WHEN OTHERS OR query_canceled THEN
            RETURN orch.withdraw(place, its_decision, SQLSTATE, SQLERRM);
    END;
    IF known IS NOT NULL THEN
        RETURN known;
    END IF;
    BEGIN
        RETURN orch.write_together(its_decision);
    EXCEPTION
        WHEN OTHERS THEN
            RETURN jsonb_build_object('state', SQLSTATE, 'said', SQLERRM);
    END;
END $$;

-- Says what those have returned as an object: the error, or the answer to what another session has recorded, once the
-- standbys have it. They are waited for without the lock.
CREATE FUNCTION orch.answered(told jsonb) RETURNS jsonb LANGUAGE plpgsql
SECURITY DEFINER SET search_path = orch, pg_temp AS $$
DECLARE
    nothing text;
BEGIN
    IF told ? 'state' THEN
        RAISE EXCEPTION USING ERRCODE = told ->> 'state', MESSAGE = told ->> 'said';
    END IF;
    BEGIN
        nothing := orch.wait_for_standbys();
    EXCEPTION
        WHEN OTHERS THEN  -- it is recorded: whatever hinders this must not be taken for a withdrawal
            RAISE EXCEPTION USING ERRCODE = 'OR005', MESSAGE = SQLERRM;
    END;
    RETURN told -> 'found';
END $$;

-- Records one decision, as `adapters/postgres_writes.py` makes it, and returns its answer. It commits by itself, so it can
-- neither run as the owner nor have a search path: nothing here may depend on one, not even an operator that has to be
-- found for its operands.
CREATE PROCEDURE orch.record(wait_ms integer, its_decision jsonb, INOUT answer jsonb DEFAULT NULL) LANGUAGE plpgsql AS $$
DECLARE
    place bigint;
    began timestamptz;
BEGIN
    answer := orch.write_or_leave(wait_ms, its_decision);
    IF pg_catalog.jsonb_typeof(answer) OPERATOR(pg_catalog.=) 'array'::text THEN
        RETURN;
    END IF;
    place := answer;
    COMMIT;
    began := pg_catalog.clock_timestamp();
    answer := orch.recorded_meanwhile(wait_ms, place, its_decision);
    COMMIT;
    IF answer IS NULL THEN
        answer := orch.lead(wait_ms, began, place, its_decision);
        COMMIT;
    END IF;
    IF pg_catalog.jsonb_typeof(answer) OPERATOR(pg_catalog.=) 'object'::text THEN
        answer := orch.answered(answer);
    END IF;
END $$;

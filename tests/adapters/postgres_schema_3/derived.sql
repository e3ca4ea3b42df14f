-- What is made from the events and can be made again: heads and snapshots.

CREATE FUNCTION orch.replace_heads(
    wait_ms integer, at_position bigint, streams text[], versions bigint[], positions bigint[], facts bytea[]
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = orch, pg_temp AS $$
BEGIN
    PERFORM orch.take_turn(wait_ms);
    IF (SELECT size FROM tree) <> at_position THEN
        RETURN false;
    END IF;
    DELETE FROM heads;
    INSERT INTO heads SELECT * FROM unnest(streams, versions, positions, facts);
    RETURN true;
END $$;

CREATE FUNCTION orch.keep_snapshot(at_position bigint, lines bytea) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = orch, pg_temp AS
$$ INSERT INTO orch.snapshots VALUES (at_position, lines) ON CONFLICT (position) DO NOTHING $$;

CREATE FUNCTION orch.forget_snapshots() RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = orch, pg_temp AS
$$ DELETE FROM orch.snapshots $$;

-- Speed bumps against accidents, for the owner too; the evidence is the checkpoint that somebody else holds.

CREATE FUNCTION orch.never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'OR002', MESSAGE = TG_ARGV[0];
END $$;

-- What a log that has ended says to whoever would still write here; it is put up by what ends it.
CREATE FUNCTION orch.ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'OR004',
        MESSAGE = (SELECT jsonb_object_agg(key, value) FROM orch.store WHERE key IN ('moved', 'retired'));
END $$;

CREATE TRIGGER events_never_go BEFORE DELETE ON orch.events
    FOR EACH ROW EXECUTE FUNCTION orch.never('the log is append-only: events are never deleted');
CREATE TRIGGER events_never_vanish BEFORE TRUNCATE ON orch.events
    EXECUTE FUNCTION orch.never('the log is append-only: events are never deleted');
CREATE TRIGGER tiles_never_change BEFORE UPDATE ON orch.tiles
    FOR EACH ROW EXECUTE FUNCTION orch.never('full tiles are never changed');
CREATE TRIGGER tiles_never_go BEFORE DELETE ON orch.tiles
    FOR EACH ROW EXECUTE FUNCTION orch.never('full tiles are never deleted');
CREATE TRIGGER tiles_never_vanish BEFORE TRUNCATE ON orch.tiles
    EXECUTE FUNCTION orch.never('full tiles are never deleted');
CREATE TRIGGER commands_never_go BEFORE DELETE ON orch.commands
    FOR EACH ROW EXECUTE FUNCTION orch.never('recorded commands are never deleted');
CREATE TRIGGER commands_never_vanish BEFORE TRUNCATE ON orch.commands
    EXECUTE FUNCTION orch.never('recorded commands are never deleted');

-- The one exception: a text goes, with its salt and the fingerprint of its command, once the log says it is redacted.
CREATE FUNCTION orch.redactions(after bigint) RETURNS SETOF jsonb LANGUAGE sql SET search_path = orch, pg_temp AS $$
    SELECT said -> 'facts' FROM (
        SELECT convert_from(envelope, 'UTF8')::jsonb AS said FROM events
        WHERE stream = 'ledger' AND topic = 'ledger.payload_redacted' AND position > after
    ) AS ledger
    WHERE said ->> 'topic' = 'ledger.payload_redacted'
$$;

CREATE FUNCTION orch.only_redacted() RETURNS trigger LANGUAGE plpgsql SET search_path = orch, pg_temp AS $$
BEGIN
    IF OLD.salt IS NOT NULL AND OLD.payload IS NOT NULL AND NEW.salt IS NULL AND NEW.payload IS NULL
        AND (NEW.position, NEW.recorded_at, NEW.clock, NEW.stream, NEW.version, NEW.topic, NEW.command_id,
             NEW.envelope, NEW.leaf)
          = (OLD.position, OLD.recorded_at, OLD.clock, OLD.stream, OLD.version, OLD.topic, OLD.command_id,
             OLD.envelope, OLD.leaf)
        AND EXISTS (
            SELECT FROM orch.redactions(OLD.position) AS said
            WHERE said -> 'position' = to_jsonb(OLD.position)
              AND said -> 'stream' = to_jsonb(OLD.stream)
              AND said -> 'version' = to_jsonb(OLD.version)
        )
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'OR002',
        MESSAGE = 'the log is append-only: events are never changed, but for texts that were redacted';
END $$;

CREATE TRIGGER events_never_change BEFORE UPDATE ON orch.events
    FOR EACH ROW EXECUTE FUNCTION orch.only_redacted();

CREATE FUNCTION orch.only_forgotten() RETURNS trigger LANGUAGE plpgsql SET search_path = orch, pg_temp AS $$
BEGIN
    IF OLD.fingerprint IS NOT NULL AND NEW.fingerprint IS NULL
        AND (NEW.command_id, NEW.first, NEW.last) = (OLD.command_id, OLD.first, OLD.last)
        AND EXISTS (
            SELECT FROM orch.redactions(OLD.first) AS said
            WHERE said -> 'position' BETWEEN to_jsonb(OLD.first) AND to_jsonb(OLD.last)
        )
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'OR002',
        MESSAGE = 'recorded commands are never changed, but for fingerprints of redacted texts';
END $$;

CREATE TRIGGER commands_never_change BEFORE UPDATE ON orch.commands
    FOR EACH ROW EXECUTE FUNCTION orch.only_forgotten();

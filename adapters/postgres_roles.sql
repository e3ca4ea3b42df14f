-- Who may do what. The owner is whoever made the tables. A writer reads everything and writes through the functions
-- only; an auditor reads. Neither can change, delete or truncate anything, nor switch a guard off.

REVOKE ALL ON SCHEMA orch FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA orch FROM PUBLIC;

-- Grants again what a role was admitted to: after the tables have changed, too.
CREATE FUNCTION orch.admit(name text, as_what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO orch.members VALUES (name, as_what) ON CONFLICT (role) DO UPDATE SET may = excluded.may;
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA orch FROM %I', name);
    EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA orch FROM %I', name);
    EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA orch FROM %I', name);
    EXECUTE format('GRANT USAGE ON SCHEMA orch TO %I', name);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA orch TO %I', name);
    EXECUTE format('GRANT SELECT ON ALL SEQUENCES IN SCHEMA orch TO %I', name);  -- pg_dump asks for them
    IF as_what = 'write' THEN
        EXECUTE format(
            'GRANT EXECUTE ON ROUTINE orch.append, orch.record, orch.write_or_leave, orch.recorded_meanwhile, orch.lead,'
            ' orch.answered, orch.replace_heads, orch.keep_snapshot, orch.forget_snapshots TO %I',
            name);
        IF current_setting('server_version_num')::integer >= 170000 THEN  -- `orch redact` has the old rows cleaned out
            EXECUTE format('GRANT MAINTAIN ON orch.events, orch.commands, orch.waiting TO %I', name);
        END IF;
    END IF;
END $$;

REVOKE ALL ON FUNCTION orch.admit FROM PUBLIC;
